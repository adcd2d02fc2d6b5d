"""Contents go to a virus scanner while they stream: clamd's INSTREAM, over a socket.

Nothing is held back for it: what was stored meanwhile is removed by whoever stores it when this
raises. The scanner never answers before it has seen all, so the last part waits for its verdict.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final
from urllib.parse import urlsplit

ANSWER_SECONDS: Final = 300
_BEGIN: Final = b"zINSTREAM\0"
_CLEAN: Final = b"stream: OK"
_ANSWER_BYTES_MAX: Final = 1_024
_SIZE_BYTES: Final = 4
CHUNK_BYTES: Final = 256 * 1024

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class InfectedError(Exception):
    """The scanner found something in the content."""


class ScannerDownError(Exception):
    """The scanner cannot be reached, does not answer, or answers with an error."""


def _address(url: str) -> tuple[str | None, str, int]:
    """A path, or a host and a port, of `unix:///run/clamd.ctl` or `tcp://127.0.0.1:3310`."""
    parts = urlsplit(url)
    if parts.scheme == "unix" and parts.path:
        return parts.path, "", 0
    if parts.scheme == "tcp" and parts.hostname and parts.port:
        return None, parts.hostname, parts.port
    raise ValueError("write unix:///run/clamav/clamd.ctl or tcp://127.0.0.1:3310")


def scanner_address(url: str) -> str:
    """The address itself, when it is one of a scanner.

    Raises:
        ValueError: it is none.
    """
    _address(url)
    return url


async def scanned(content: AsyncIterator[bytes], url: str) -> AsyncGenerator[bytes, None]:
    """The same content, with whose end the scanner has found nothing in it.

    Raises:
        InfectedError: it found something.
        ScannerDownError: it is not there, or it does not tell.
    """
    try:
        reader, writer = await _open(url)
    except (OSError, TimeoutError) as error:
        raise ScannerDownError from error
    try:
        await _send(writer, _BEGIN)
        async for part in content:
            for start in range(0, len(part), CHUNK_BYTES):
                chunk = part[start : start + CHUNK_BYTES]
                await _send(writer, len(chunk).to_bytes(_SIZE_BYTES, "big") + chunk)
            yield part
        await _send(writer, bytes(_SIZE_BYTES))
        _judge(await _answer(reader))
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _open(url: str) -> Streams:
    path, host, port = _address(url)
    async with asyncio.timeout(ANSWER_SECONDS):
        if path is not None:
            return await asyncio.open_unix_connection(path)
        return await asyncio.open_connection(host, port)


async def _send(writer: asyncio.StreamWriter, content: bytes) -> None:
    """Wait for a slow scanner: what it has not taken is not piled up here."""
    try:
        writer.write(content)
        async with asyncio.timeout(ANSWER_SECONDS):
            await writer.drain()
    except (OSError, TimeoutError) as error:
        raise ScannerDownError from error


async def _answer(reader: asyncio.StreamReader) -> bytes:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            answer = await reader.readuntil(b"\0")
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise ScannerDownError from error
    return answer[:_ANSWER_BYTES_MAX].rstrip(b"\0\n")


def _judge(answer: bytes) -> None:
    if answer.endswith(b" FOUND"):
        raise InfectedError
    if answer != _CLEAN:
        raise ScannerDownError(answer.decode("ascii", "replace"))
