"""One range of bytes, as `Range: bytes=0-499` asks for it (RFC 9110, section 14)."""

import re
from dataclasses import dataclass
from typing import Final

from marketplace.documents.files.errors import RangeNotSatisfiableError

_RANGE: Final = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")


@dataclass(frozen=True, slots=True)
class Part:
    start: int
    length: int
    size_bytes: int
    """Of the whole."""

    @property
    def content_range(self) -> str:
        return f"bytes {self.start}-{self.start + self.length - 1}/{self.size_bytes}"


def asked_part(header: str | None, size_bytes: int) -> Part | None:
    """The part that a request asks for; None for the whole, as when several are asked for.

    Raises:
        RangeNotSatisfiableError: it lies outside.
    """
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        length = min(int(last), size_bytes)
        start = size_bytes - length
    else:
        start = int(first)
        end = min(int(last) if last else size_bytes - 1, size_bytes - 1)
        if last and int(last) < start:
            return None
        length = end - start + 1
    if length <= 0 or start >= size_bytes:
        raise RangeNotSatisfiableError(f"it has {size_bytes} bytes")
    return Part(start, length, size_bytes)
