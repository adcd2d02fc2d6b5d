"""What a file is that claims to be a video: asked of ffprobe, in a process that can do little.

It reads the one file and no network, decodes only what is taken, and has limits of time, memory
and output. How long a video is, is added up from its packets: headers can claim anything.
"""

import asyncio
import shutil
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import orjson

from marketplace.listings.video.errors import (
    ProbeMissingError,
    VideoFormatError,
    VideoTooLongError,
    VideoUnreadableError,
)

DURATION_SECONDS_MAX: Final = 360
PROBE_SECONDS: Final = 20.0
MEMORY_BYTES_MAX: Final = 1024**3
OUTPUT_BYTES_MAX: Final = 16 * 1024**2
"""Six minutes of the shortest packets of sound take ten megabytes."""

_LIMITED: Final = """
import os, resource, sys
for limit, most in ((resource.RLIMIT_AS, int(sys.argv[1])), (resource.RLIMIT_CPU, int(sys.argv[2])),
                    (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
    resource.setrlimit(limit, (most, most))
os.execv(sys.argv[3], sys.argv[3:])
"""
_ASKED: Final = (
    "format=format_name,duration:format_tags"
    ":stream=codec_type,codec_name,width,height:packet=pts_time,duration_time"
)
_ARGUMENTS: Final = (
    *("-v", "quiet", "-threads", "1"),
    *("-protocol_whitelist", "file", "-format_whitelist", "mov,matroska"),
    *("-codec_whitelist", "h264,vp8,vp9,av1,libdav1d,libaom-av1,aac,opus,libopus"),
    *("-show_entries", _ASKED, "-of", "json=compact=1"),
)
_TAKEN: Final[Mapping[str, tuple[Collection[str], Collection[str]]]] = {
    "video/mp4": ({"h264", "vp9", "av1"}, {"aac", "opus"}),
    "video/webm": ({"vp8", "vp9", "av1"}, {"opus"}),
}
"""Which codecs of picture and sound browsers play in a container."""
_WEBM: Final = b"\x42\x82\x84webm"
"""The type of document in the first bytes of WebM, which any other Matroska lacks."""
_HEAD_BYTES: Final = 128


@dataclass(frozen=True, slots=True)
class Probed:
    media_type: str
    duration_milliseconds: int
    width: int
    height: int


def find_program(name: str) -> str:
    """Where ffprobe is, by its name or path.

    Raises:
        ProbeMissingError: nowhere.
    """
    program = shutil.which(name)
    if program is None:
        raise ProbeMissingError
    return program


async def probe(program: str, path: Path) -> Probed:
    """What a file is, if it is a video that is taken.

    Raises:
        VideoUnreadableError, VideoFormatError, VideoTooLongError: it is none.
    """
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            output = await _run(program, path)
    except TimeoutError as error:
        raise VideoUnreadableError(f"looking through it took {PROBE_SECONDS:g} s") from error
    head = await asyncio.to_thread(_head, path)
    return await asyncio.to_thread(_judge, output, head)


async def _run(program: str, path: Path) -> bytes:
    limits = (str(MEMORY_BYTES_MAX), str(int(PROBE_SECONDS)))
    launcher = (sys.executable, "-I", "-S", "-c", _LIMITED, *limits)
    process = await asyncio.create_subprocess_exec(
        *launcher,
        program,
        *_ARGUMENTS,
        f"file:{path}",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"LC_ALL": "C"},
    )
    assert process.stdout is not None
    try:
        await process.stdout.readexactly(OUTPUT_BYTES_MAX + 1)
    except asyncio.IncompleteReadError as whole:
        if await process.wait() != 0:
            raise VideoUnreadableError from None
        return whole.partial
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    raise VideoTooLongError("it has more packets than six minutes have")


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def _judge(output: bytes, head: bytes) -> Probed:
    try:
        found = orjson.loads(output)
        container, streams = found["format"], found["streams"]
        media_type = _media_type(container, head)
        picture = _picture(media_type, streams)
        seconds = _seconds(container, found.get("packets", ()))
        probed = Probed(media_type, int(seconds * 1000), picture["width"], picture["height"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ArithmeticError) as error:
        raise VideoUnreadableError from error
    if seconds > DURATION_SECONDS_MAX:
        raise VideoTooLongError(f"it lasts {seconds:.3f} s; at most {DURATION_SECONDS_MAX} s")
    if min(probed.duration_milliseconds, probed.width, probed.height) < 1:
        raise VideoUnreadableError("it shows nothing")
    return probed


def _media_type(container: Mapping[str, Any], head: bytes) -> str:
    tags = {name.lower(): value for name, value in container.get("tags", {}).items()}
    if any("location" in name for name in tags):
        raise VideoFormatError("it tells where it was filmed; remove its location first")
    if "mp4" in container["format_name"].split(","):
        if tags.get("major_brand", "").startswith("qt"):
            raise VideoFormatError("it is QuickTime; write it as MP4 or WebM")
        return "video/mp4"
    if _WEBM not in head:
        raise VideoFormatError("it is Matroska; write it as MP4 or WebM")
    return "video/webm"


def _picture(media_type: str, streams: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The one stream of pictures, beside which there is one of sound, or none."""
    by_type: dict[str, list[Mapping[str, Any]]] = {"video": [], "audio": []}
    for stream in streams:
        by_type.setdefault(stream.get("codec_type", "unknown"), []).append(stream)
    others = sorted(by_type.keys() - {"video", "audio"})
    if others:
        raise VideoFormatError(f"it has streams of other kinds: {', '.join(others)}")
    if len(by_type["video"]) != 1 or len(by_type["audio"]) > 1:
        raise VideoFormatError("it has one stream of pictures, and at most one of sound")
    for taken, kind in zip(_TAKEN[media_type], by_type, strict=True):
        if any(stream.get("codec_name") not in taken for stream in by_type[kind]):
            raise VideoFormatError(f"in {media_type}, the {kind} is {' or '.join(sorted(taken))}")
    return by_type["video"][0]


def _seconds(container: Mapping[str, Any], packets: Sequence[Mapping[str, str]]) -> Decimal:
    """When the last packet ends, or the header says that the video does."""
    ends = (
        Decimal(packet["pts_time"]) + Decimal(packet.get("duration_time", 0))
        for packet in packets
        if "pts_time" in packet
    )
    return max(Decimal(container.get("duration", 0)), max(ends, default=Decimal(0)))
