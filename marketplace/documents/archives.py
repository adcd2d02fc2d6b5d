"""An archive made while its one file streams by, with a comment: room for a mark."""

import asyncio
import zipfile
from collections.abc import AsyncIterator
from typing import Final

ZIP_TYPE: Final = "application/zip"
_MOMENT: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest that an archive can tell: when a copy was made is in the record of readings."""


class _Passing:
    """Gives on what is written, and cannot go back."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, content: bytes, /) -> int:
        self._waiting += content
        return len(content)

    def flush(self) -> None:
        """What is written waits to be taken."""

    def close(self) -> None:
        """What is written can still be taken."""

    def take(self) -> bytes:
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


async def archived(
    content: AsyncIterator[bytes], name: str, *, comment: bytes
) -> AsyncIterator[bytes]:
    """The bytes of an archive that has a content as it is, under a name, and a comment."""
    passing = _Passing()
    with zipfile.ZipFile(passing, "w", zipfile.ZIP_STORED) as archive:
        archive.comment = comment
        entry = zipfile.ZipInfo(name.replace("/", "_"), _MOMENT)
        with archive.open(entry, "w", force_zip64=True) as packed:
            async for part in content:
                await asyncio.to_thread(packed.write, part)
                yield passing.take()
    yield passing.take()
