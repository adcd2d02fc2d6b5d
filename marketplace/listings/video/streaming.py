"""A file on disk as an answer, by ranges (RFC 9110, section 14), for as long as it is shown.

The framework's own file response refuses ranges in plain text, and sends on what was withdrawn
meanwhile.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import BinaryIO, Final

from fastapi import Request, status
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from marketplace.documents.files.ranges import Part, asked_part
from marketplace.kernel.errors import NotFoundError
from marketplace.listings.video.queries import ShownVideo

PIECE_BYTES: Final = 256 * 1024
LOOK_SECONDS: Final = 1.0
"""How long after its withdrawal a listing's video may still be sent."""

StillShown = Callable[[], Awaitable[bool]]


def wanted_part(request: Request, video: ShownVideo) -> Part | None:
    """The range that a request asks for; None for the whole, as when another video is meant.

    Raises:
        RangeNotSatisfiableError: it lies outside.
    """
    condition = request.headers.get("if-range")
    if condition is not None and condition.strip() != video.tag:
        return None
    return asked_part(request.headers.get("range"), video.size_bytes)


class ShownFile(StreamingResponse):
    """The bytes of a video, or a range of them; HEAD gets the headers alone.

    When its listing is withdrawn while it is sent, the connection breaks off.
    """

    def __init__(
        self, video: ShownVideo, path: Path, part: Part | None, still_shown: StillShown
    ) -> None:
        self._path, self._still_shown = path, still_shown
        self._part = part or Part(0, video.size_bytes, video.size_bytes)
        headers = {
            "accept-ranges": "bytes",
            "cache-control": "no-cache",
            "content-disposition": "inline",
            "content-length": str(self._part.length),
            "content-security-policy": "default-src 'none'; sandbox",
            "etag": video.tag,
        }
        if part:
            headers["content-range"] = part.content_range
        code = status.HTTP_206_PARTIAL_CONTENT if part else status.HTTP_200_OK
        super().__init__(_nothing(), code, headers, media_type=video.media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            file = await asyncio.to_thread(self._path.open, "rb")
        except FileNotFoundError as error:
            raise NotFoundError("no such video, or it is no longer public") from error
        with file:
            if scope["method"] != "HEAD":
                self.body_iterator = self.parts(file)
            await super().__call__(scope, receive, send)

    async def parts(self, file: BinaryIO) -> AsyncIterator[bytes]:
        """The bytes, a piece at a time; they end early once they may no longer be shown."""
        left, looked = self._part.length, time.monotonic()
        await asyncio.to_thread(file.seek, self._part.start)
        while left > 0:
            if time.monotonic() - looked >= LOOK_SECONDS:
                if not await self._still_shown():
                    return
                looked = time.monotonic()
            piece = await asyncio.to_thread(file.read, min(PIECE_BYTES, left))
            if not piece:
                return
            left -= len(piece)
            yield piece


async def _nothing() -> AsyncIterator[bytes]:
    nothing: tuple[bytes, ...] = ()
    for piece in nothing:
        yield piece
