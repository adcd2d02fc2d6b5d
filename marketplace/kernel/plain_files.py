"""Large public contents on disk as they came, each under an id of its own.

A row in the database says which of them are whole and wanted; the others are removed by whoever
wrote them, and after a crash by a sweep over such rows.
"""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from marketplace.kernel.sealed_files import ContentTooLargeError, Written
from marketplace.kernel.whole_files import flush_folder


@dataclass(frozen=True, slots=True)
class PlainFiles:
    """A folder of contents by id."""

    folder: Path

    async def write(self, name: UUID, content: AsyncIterator[bytes], *, size_max: int) -> Written:
        """Store a content as it comes; whatever goes wrong, nothing of it stays.

        Raises:
            ContentTooLargeError: it is longer than `size_max` bytes.
        """
        path, digest, size_bytes = self.path(name), hashlib.sha256(), 0
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with path.open("xb") as file:
                async for part in content:
                    size_bytes += len(part)
                    if size_bytes > size_max:
                        raise ContentTooLargeError  # noqa: TRY301 - the file goes with it
                    await asyncio.to_thread(_add, file, digest, part)
                await asyncio.to_thread(_flush, file)
            await asyncio.to_thread(flush_folder, path.parent)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Written(size_bytes, digest.digest())

    def path(self, name: UUID) -> Path:
        return self.folder / str(name)[-2:] / str(name)

    def delete(self, name: UUID) -> None:
        """Remove a content, or what is there of it; none is no error."""
        self.path(name).unlink(missing_ok=True)


def _add(file: BinaryIO, digest: Any, part: bytes) -> None:
    digest.update(part)
    file.write(part)


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
