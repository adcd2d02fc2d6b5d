"""A listing's video pitch: what is taken, who sees it and until when, and what stays on disk."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from marketplace.kernel.db import Sessions
from marketplace.kernel.plain_files import PlainFiles
from marketplace.listings.video import probing, streaming
from marketplace.listings.video.errors import VideoUnreadableError
from marketplace.listings.video.queries import ShownVideo
from marketplace.listings.video.service import sweep_videos
from marketplace.listings.video.streaming import ShownFile
from tests.factories.accounts import assert_refused
from tests.factories.deals import list_right, ok
from tests.factories.ideas import in_parts
from tests.factories.people import Person, person
from tests.factories.videos import WEBVTT, needs_ffmpeg, video, webm
from tests.fakes.clamd import EICAR, clamd


@pytest.fixture
async def seller(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await person(client, sessions)


@pytest.fixture
async def listing(seller: Person) -> str:
    return f"/v1/listings/{await list_right(seller)}"


@pytest.fixture
def settled(app: FastAPI, tmp_path: Path) -> Iterator[Any]:
    """Changes settings for a test; videos are its own."""
    usual = app.state.settings

    def change(**changed: Any) -> None:
        data = {"data_dir": tmp_path}
        app.state.settings = usual.model_copy(update=data | changed)

    change()
    yield change
    app.state.settings = usual


def on_disk(app: FastAPI) -> list[Path]:
    return [path for path in app.state.settings.videos_path.rglob("*") if path.is_file()]


async def put(seller: Person, path: str, content: Any) -> httpx2.Response:
    return await seller.client.put(path, content=content, headers=seller.headers)


@needs_ffmpeg
@pytest.mark.usefixtures("settled")
async def test_a_video_is_shown_by_ranges_until_the_listing_is_withdrawn(
    seller: Person, listing: str, app: FastAPI, sessions: Sessions
) -> None:
    path, client, content = f"{listing}/video", seller.client, webm()
    shown = await ok(await put(seller, path, in_parts(content, 1_000)))
    assert shown["media_type"] == "video/webm"
    assert (shown["duration_milliseconds"], shown["width"]) == (1_000, 32)
    given = await ok(await put(seller, f"{path}/subtitles/ko", WEBVTT))
    assert given == {"language": "ko", "cues": 1}
    assert (await ok(await client.get(listing)))["video"] == shown | {"subtitles": ["ko"]}

    whole = await client.get(path)
    tag = whole.headers["etag"]
    assert (whole.status_code, whole.content) == (200, content)
    assert whole.headers["content-type"] == "video/webm"
    part = await client.get(path, headers={"range": "bytes=10-19", "if-range": tag})
    assert (part.status_code, part.content) == (206, content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(content)}"
    other = await client.get(path, headers={"range": "bytes=10-19", "if-range": '"x"'})
    assert (other.status_code, other.content) == (200, content)
    outside = await client.get(path, headers={"range": f"bytes={len(content)}-"})
    assert_refused(outside, 416, "range_not_satisfiable")
    assert (await client.get(path, headers={"if-none-match": tag})).status_code == 304
    head = await client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(content))
    subtitles = await client.get(f"{path}/subtitles/ko")
    assert subtitles.headers["content-type"].startswith("text/vtt")
    assert "<b>locks</b> &amp; holds." in subtitles.text
    page = await client.get(f"/catalogue/{listing.rpartition('/')[2]}?lang=ko")
    assert f'src="{path}"' in page.text
    assert f'src="{path}/subtitles/ko" default' in page.text
    assert "media-src 'self'" in page.headers["content-security-policy"]

    again = await ok(await put(seller, path, content))
    assert again == shown | {"subtitles": ["ko"]}, "the same bytes keep their subtitles"
    longer = await ok(await put(seller, path, webm(seconds=2)))
    assert (longer["duration_milliseconds"], longer["subtitles"]) == (2_000, [])
    files = PlainFiles(app.state.settings.videos_path)
    assert await sweep_videos(sessions, files) == 2
    assert len(on_disk(app)) == 1

    await ok(await seller.post(f"{listing}/withdraw"))
    assert_refused(await client.get(path), 404, "not_found")
    assert_refused(await put(seller, path, content), 409, "illegal_move")


REFUSED = {
    "nothing": (b"", "video_unreadable"),
    "text": (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "video_unreadable"),
    "too long": (lambda: webm(seconds=361), "video_too_long"),
    "another codec": (lambda: video("-c:v", "mpeg4", suffix="mp4"), "video_unreadable"),
    "Matroska": (lambda: video("-c:v", "libvpx", suffix="mkv"), "video_format"),
    "QuickTime": (lambda: video("-c:v", "libx264", suffix="mov"), "video_format"),
    "two pictures": (
        lambda: video("-c:v", "libvpx", "-map", "0", "-map", "0"),
        "video_format",
    ),
    "a place": (
        lambda: video("-c:v", "libx264", "-metadata", "location=+37+127/", suffix="mp4"),
        "video_format",
    ),
}


@needs_ffmpeg
@pytest.mark.usefixtures("settled")
async def test_of_what_is_refused_nothing_stays(seller: Person, listing: str, app: FastAPI) -> None:
    path = f"{listing}/video"
    told = {}
    for about, (content, _) in REFUSED.items():
        answer = await put(seller, path, content() if callable(content) else content)
        told[about] = answer.json().get("code")
    assert told == {about: code for about, (_, code) in REFUSED.items()}
    assert on_disk(app) == []
    assert_refused(await seller.client.get(path), 404, "not_found")
    assert (await ok(await seller.client.get(listing)))["video"] is None


@needs_ffmpeg
async def test_limits_and_the_scanner_hold(
    seller: Person, listing: str, app: FastAPI, settled: Any, tmp_path: Path
) -> None:
    path = f"{listing}/video"
    settled(video_bytes_max=100)
    assert_refused(await put(seller, path, bytes(101)), 413, "video_too_large")
    assert_refused(await put(seller, path, in_parts(bytes(101), 10)), 413, "video_too_large")
    async with clamd(tmp_path) as scanner:
        settled(clamd=scanner.url)
        assert_refused(await put(seller, path, EICAR), 422, "file_infected")
        await ok(await put(seller, path, webm()))
    settled(ffprobe="/nowhere/ffprobe")
    assert_refused(await put(seller, path, webm()), 503, "ffprobe_missing")
    assert len(on_disk(app)) == 1
    assert (await seller.client.get(path)).content == webm()
    assert (await seller.delete(path)).status_code == 204
    assert_refused(await seller.client.get(path), 404, "not_found")


@pytest.mark.usefixtures("settled")
async def test_a_broken_upload_leaves_nothing_and_a_killed_one_is_swept(
    seller: Person,
    listing: str,
    app: FastAPI,
    sessions: Sessions,
    settled: Any,
) -> None:
    settled(ffprobe="true")

    async def broken() -> AsyncIterator[bytes]:
        yield b"abc"
        raise ConnectionAbortedError

    assert (await put(seller, f"{listing}/video", broken())).status_code == 503
    assert on_disk(app) == []
    files, name = PlainFiles(app.state.settings.videos_path), uuid4()
    assert await sweep_videos(sessions, files) == 0
    await files.write(name, in_parts(b"abc"), size_max=3)
    async with sessions.begin() as session:
        await session.execute(
            text(
                "INSERT INTO listing_video (id, created_at, listing_id, expires_at)"
                " VALUES (:id, now() - interval '2 days', :listing_id, now() - interval '1 day')"
            ),
            {"id": name, "listing_id": listing.rpartition("/")[2]},
        )
    assert await sweep_videos(sessions, files) == 1
    assert (on_disk(app), await sweep_videos(sessions, files)) == ([], 0)


async def test_a_probe_that_hangs_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "ffprobe"
    program.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setattr(probing, "PROBE_SECONDS", 1.0)
    with pytest.raises(VideoUnreadableError, match="took 1 s"):
        await probing.probe(str(program), tmp_path / "any")


async def test_a_stream_ends_once_its_listing_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(streaming, "PIECE_BYTES", 10)
    path, looks = tmp_path / "video", iter([True, False])
    path.write_bytes(bytes(100))

    async def still_shown() -> bool:
        return next(looks)

    shown = ShownVideo(UUID(str(uuid4())), "video/webm", 100, b"x")
    answer = ShownFile(shown, path, None, still_shown)
    with path.open("rb") as file:
        assert b"".join([part async for part in answer.parts(file)]) == bytes(10)
