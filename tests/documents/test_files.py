"""Files of a confidential body: streamed, ranged, whole or not there, and destroyed for good."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.documents.withdrawing import destroy_again
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.crypto import Keyring, add_master_key, load_keyring
from marketplace.kernel.db import Sessions
from marketplace.kernel.sealed_files import PIECE_BYTES, SealedFiles
from marketplace.kernel.vault import DecryptionError, KeyDestroyedError
from tests.factories.accounts import assert_refused
from tests.factories.deals import ok
from tests.factories.ideas import Idea, destroy, in_parts, on_disk
from tests.factories.people import Person, person

CONTENT = os.urandom(2 * PIECE_BYTES + 777)


@pytest.fixture
async def owner(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await person(client, sessions)


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES, PIECE_BYTES + 1, len(CONTENT)])
async def test_what_is_uploaded_is_what_is_read(owner: Person, app: FastAPI, size: int) -> None:
    idea, content = await Idea.of(owner), CONTENT[:size]
    file = await idea.upload(content)
    answer = await idea.download(owner, file["id"])
    assert answer.content == content
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    assert answer.headers["content-type"] == "application/pdf"
    assert "%EA%B2%BD%EC%B2%A9.pdf" in answer.headers["content-disposition"]
    files = await ok(await owner.get(f"{idea.path}/confidential-files"))
    assert files == [file]
    kept = b"".join(p.read_bytes() for p in app.state.settings.files_path.rglob("*") if p.is_file())
    assert content[:32] not in kept or size < 32


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        (f"bytes={PIECE_BYTES - 1}-{PIECE_BYTES}", PIECE_BYTES - 1, PIECE_BYTES + 1),
        ("bytes=100-", 100, len(CONTENT)),
        ("bytes=-5", len(CONTENT) - 5, len(CONTENT)),
        (f"bytes=7-{10**9}", 7, len(CONTENT)),
    ],
)
async def test_a_range_is_that_part(owner: Person, asked: str, start: int, end: int) -> None:
    idea = await Idea.of(owner)
    file = await idea.upload(CONTENT)
    answer = await idea.download(owner, file["id"], range=asked)
    assert (answer.status_code, answer.content) == (206, CONTENT[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"


async def test_ranges_that_are_none(owner: Person) -> None:
    idea = await Idea.of(owner)
    file = await idea.upload(CONTENT)
    outside = await idea.download(owner, file["id"], range=f"bytes={len(CONTENT)}-")
    assert_refused(outside, 416, "range_not_satisfiable")
    for whole in ("bytes=5-2", "bytes=0-1,4-5", "items=0-1", "bytes=-"):
        answer = await idea.download(owner, file["id"], range=whole)
        assert (answer.status_code, answer.content) == (200, CONTENT)


async def test_what_breaks_off_leaves_nothing(
    owner: Person, app: FastAPI, connection: AsyncConnection, clock: ShiftedClock
) -> None:
    idea = await Idea.of(owner)
    before = on_disk(app)
    file = await idea.announce(len(CONTENT))

    async def broken() -> AsyncIterator[bytes]:
        yield CONTENT[: PIECE_BYTES + 5]
        raise ConnectionError

    assert (await idea.send(file["id"], broken())).is_error
    assert on_disk(app) == before
    for content in (CONTENT[:-1], CONTENT + b"x"):
        answer = await idea.send(file["id"], in_parts(content))
        assert_refused(answer, 409, "upload_incomplete")
    assert on_disk(app) == before
    assert_refused(await idea.download(owner, file["id"]), 404, "not_disclosed")

    clock.offset += timedelta(hours=25)
    keys = {p.name for p in app.state.keyring.vault.folder.rglob("*")}
    assert file["id"] in keys
    assert await destroy(app) == 1
    assert file["id"] not in {p.name for p in app.state.keyring.vault.folder.rglob("*")}
    assert_refused(await idea.send(file["id"], CONTENT), 404, "not_found")
    assert await ok(await owner.get(f"{idea.path}/confidential-files")) == []
    query = text("SELECT name_ciphertext, stored_at FROM confidential_file")
    assert (await connection.execute(query)).one() == (b"", None)


async def test_a_draft_of_a_killed_process_is_swept_and_no_living_one(
    owner: Person, app: FastAPI
) -> None:
    idea = await Idea.of(owner)
    file = await idea.announce(len(CONTENT))
    folder = app.state.settings.files_path / "drafts"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "left").write_bytes(b"something")
    seen: list[tuple[str, int]] = []

    async def sent() -> AsyncIterator[bytes]:
        yield CONTENT[:PIECE_BYTES]
        await destroy(app)
        seen.extend((path.name, path.stat().st_mode & 0o777) for path in folder.iterdir())
        yield CONTENT[PIECE_BYTES:]

    await ok(await idea.send(file["id"], sent()))

    ((living, mode),) = seen
    assert living != "left"
    assert mode == 0o600
    assert (await idea.download(owner, file["id"])).content == CONTENT
    assert list(folder.iterdir()) == []


async def test_a_file_is_uploaded_once_and_replaced_once(owner: Person) -> None:
    idea = await Idea.of(owner)
    first = await idea.upload(b"one")
    assert_refused(await idea.send(first["id"], b"two"), 409, "already_uploaded")
    second = await idea.upload(b"two", replaces=first["id"])
    assert (second["version"], second["replaces"]) == (2, first["id"])
    body = {"name": "x", "media_type": "text/plain", "size_bytes": 1, "replaces": first["id"]}
    again = await owner.post(f"{idea.path}/confidential-files", body)
    assert_refused(again, 409, "file_replaced")
    assert await ok(await owner.get(f"{idea.path}/confidential-files")) == [second]
    large = await owner.post(
        f"{idea.path}/confidential-files", body | {"replaces": None, "size_bytes": 2**31 + 1}
    )
    assert_refused(large, 413, "file_too_large")


async def test_strangers_have_no_files(
    owner: Person, client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    idea, stranger = await Idea.of(owner), await person(client, sessions)
    file = await idea.upload(CONTENT)
    for answer in (
        await idea.download(stranger, file["id"]),
        await stranger.get(f"{idea.path}/confidential-files"),
    ):
        assert_refused(answer, 404, "not_disclosed")
    for path in ("confidential-files", "withdraw-confidential"):
        body = {"name": "x", "media_type": "text/plain", "size_bytes": 1}
        given = body if path == "confidential-files" else None
        assert_refused(await stranger.post(f"{idea.path}/{path}", given), 404, "not_found")
    sent = await client.put(idea.content(file["id"]), content=b"x", headers=stranger.headers)
    assert_refused(sent, 404, "not_found")


async def test_what_is_withdrawn_is_gone_even_from_a_backup(
    owner: Person, app: FastAPI, connection: AsyncConnection
) -> None:
    idea = await Idea.of(owner)
    await idea.put("a second version")
    file = await idea.upload(CONTENT)
    rows = text("SELECT * FROM confidential_body ORDER BY version")
    backup = (await connection.execute(rows)).mappings().all()
    bytes_before = on_disk(app)

    told = await ok(await owner.post(f"{idea.path}/withdraw-confidential"))

    assert told == {"texts": 2, "files": 1}
    text_path = f"{idea.path}/confidential-text"
    assert_refused(await owner.get(text_path), 404, "not_disclosed")
    assert_refused(await idea.download(owner, file["id"]), 404, "not_disclosed")
    assert await destroy(app) == 3
    assert len(on_disk(app)) == len(bytes_before) - 1
    for row in backup:
        with pytest.raises(KeyDestroyedError):
            app.state.keyring.vault.read(row["id"])
        restore = text(
            "UPDATE confidential_body SET shredded_at = NULL, destroyed_at = NULL,"
            " ciphertext = :ciphertext WHERE id = :id"
        )
        await connection.execute(restore, {"ciphertext": row["ciphertext"], "id": row["id"]})
    assert_refused(await owner.get(text_path), 503, "unavailable")
    await idea.put("a new beginning")
    assert (await ok(await owner.get(text_path)))["version"] == 3


async def test_a_destroyed_key_that_a_copy_brought_back_is_destroyed_again(
    owner: Person, app: FastAPI, connection: AsyncConnection
) -> None:
    idea = await Idea.of(owner)
    await ok(await owner.post(f"{idea.path}/withdraw-confidential"))
    await destroy(app)
    await idea.put("a text that stays")
    vault, query = app.state.keyring.vault, text("SELECT id FROM confidential_body ORDER BY id")
    gone, kept = (await connection.execute(query)).scalars().all()
    vault.keep(gone, bytes(32))

    await destroy_again(app.state.sessions, app.state.keyring)

    with pytest.raises(KeyDestroyedError):
        vault.read(gone)
    assert vault.read(kept)


async def test_pieces_cannot_be_changed_cut_or_swapped(tmp_path: Path) -> None:
    files, name, key = SealedFiles(tmp_path), uuid4(), os.urandom(32)
    await files.write(name, key, in_parts(CONTENT), context="c", size_max=len(CONTENT))
    path = next(p for p in files.folder.rglob("*") if p.is_file())
    good, sealed = path.read_bytes(), PIECE_BYTES + 16

    async def opened(context: str = "c", size: int = len(CONTENT)) -> bytes:
        reading = files.read(name, key, context=context, size_bytes=size, start=0, length=size)
        return b"".join([part async for part in reading])

    assert await opened() == CONTENT
    swapped = good[sealed : 2 * sealed] + good[:sealed] + good[2 * sealed :]
    flipped = good[:-1] + bytes([good[-1] ^ 1])
    for bad in (swapped, flipped, good[: 2 * sealed], good[sealed:]):
        path.write_bytes(bad)
        with pytest.raises(DecryptionError):
            await opened()
    path.write_bytes(good)
    with pytest.raises(DecryptionError):
        await opened(context="another")
    with pytest.raises(DecryptionError):  # cut at a piece, and said to be shorter
        await opened(size=2 * PIECE_BYTES)


async def test_a_rotated_master_key_opens_what_the_old_one_did(owner: Person, app: FastAPI) -> None:
    idea = await Idea.of(owner)
    path = app.state.settings.keys_path
    try:
        key_id = await asyncio.to_thread(add_master_key, path)
        keyring = load_keyring(path)
        keyring.vault.rewrap()
        only_new = Keyring(
            {key_id: bytes.fromhex(path.read_text().split()[-1].partition(":")[2])},
            key_id,
            path.parent / "document-keys",
        )
        app.state.keyring = only_new
        read = await ok(await owner.get(f"{idea.path}/confidential-text"))
        assert read["content"] == "the hinge is a living hinge"
    finally:
        app.state.keyring = load_keyring(path)
