"""Pages that a process keeps rendered: what many ask for is made now and then, not at each request.

A page that is asked for when it is no longer fresh is made anew, and the one before is sent: nobody
waits, unless that is too old as well. So what is shown is never older than seven seconds.
"""

import asyncio
import gzip
import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from starlette.datastructures import Headers

from marketplace.kernel.fast_lane import NOT_MODIFIED, Ready
from marketplace.kernel.logs import get_logger

logger = get_logger(__name__)

FRESH_SECONDS: Final = 2.0
STALE_SECONDS: Final = 5.0
"""How long beyond that a page may be sent, while a newer one is made."""
KEPT_MAX: Final = 300
"""Pages; an HTML page takes some tens of kilobytes."""
PACKED: Final = "-gz"

Header = tuple[bytes, bytes]
Render = Callable[[], Awaitable[bytes]]

_NOTHING: Final = Ready(200, (), b"")


@dataclass(slots=True)
class _Kept:
    made: float = float("-inf")
    plain: Ready = _NOTHING
    packed: Ready = _NOTHING
    tag: str = ""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    renewing: "asyncio.Task[None] | None" = None


class KeptPages:
    def __init__(
        self, *, fresh_seconds: float = FRESH_SECONDS, stale_seconds: float = STALE_SECONDS
    ) -> None:
        self._fresh_seconds = fresh_seconds
        self._stale_seconds = stale_seconds
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()

    async def get(
        self,
        key: Hashable,
        render: Render,
        asked: Headers,
        headers: Sequence[Header],
        *,
        fresh_seconds: float | None = None,
    ) -> Ready:
        """The page under a key, as the asker takes it: packed, or not again when they have it."""
        kept, fresh = self._find(key), fresh_seconds or self._fresh_seconds
        age = time.monotonic() - kept.made
        if age > fresh + self._stale_seconds:
            await self._renew(kept, render, headers, fresh)
        elif age > fresh and kept.renewing is None:
            kept.renewing = asyncio.create_task(self._renew(kept, render, headers, fresh))
            kept.renewing.add_done_callback(partial(_ended, kept))
        return _answer(kept, asked)

    def _find(self, key: Hashable) -> _Kept:
        kept = self._kept.setdefault(key, _Kept())
        self._kept.move_to_end(key)
        if len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        return kept

    async def _renew(
        self, kept: _Kept, render: Render, headers: Sequence[Header], fresh_seconds: float
    ) -> None:
        async with kept.lock:
            # What is read is at least as new as the moment before it was read.
            began = time.monotonic()
            if began - kept.made <= fresh_seconds:
                return
            page = await render()
            if page != kept.plain.body:
                _keep(kept, page, headers)
            kept.made = began


def _ended(kept: _Kept, task: asyncio.Task[None]) -> None:
    """What could not be made anew is tried again when the page is asked for the next time."""
    kept.renewing = None
    if not task.cancelled() and (error := task.exception()):
        logger.warning("a page could not be made anew", exc_info=error)


def _keep(kept: _Kept, page: bytes, headers: Sequence[Header]) -> None:
    """Make both answers whole, for thousands ask before the page changes."""
    kept.tag = hashlib.sha256(page).hexdigest()[:20]
    # The tag names the bytes that are sent, so each coding has its own.
    plain, packed = (f'"{kept.tag}{coding}"'.encode() for coding in ("", PACKED))
    kept.plain = Ready(200, [*headers, (b"etag", plain)], page)
    told = [*headers, (b"etag", packed), (b"content-encoding", b"gzip")]
    kept.packed = Ready(200, told, gzip.compress(page, mtime=0))


def _answer(kept: _Kept, asked: Headers) -> Ready:
    is_packed = "gzip" in asked.get("accept-encoding", "")
    whole = kept.packed if is_packed else kept.plain
    known = asked.get("if-none-match")
    if known and f'"{kept.tag}{PACKED if is_packed else ""}"' in known:
        told = [header for header in whole.headers if header[0] != b"content-encoding"]
        return Ready(NOT_MODIFIED, told, b"")
    return whole
