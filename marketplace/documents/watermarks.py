"""A copy carries the id of the reading that it was given out by, so a leaked one tells who leaked.

The id stands where it can be seen, and where it is not looked for: after the end of a file that
readers ignore, or in characters of a text that have no width. What a format has no room for is
named in the answer's headers alone.
"""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final
from uuid import UUID

_MARK: Final = re.compile(rb"MPW-([0-9a-f]{32})")
_ZERO, _ONE, _EDGE = "\u200b", "\u200c", "\u2060"
_HIDDEN: Final = re.compile(f"{_EDGE}([{_ZERO}{_ONE}]{{128}}){_EDGE}")
_OVERLAP_BYTES: Final = 1_024
_READ_BYTES: Final = 1_048_576
ZIP_END: Final = b"PK\x05\x06"
ZIP_END_BYTES: Final = 22
"""Of the record that ends an archive without a comment."""
_TEXTS: Final = ("text/plain", "text/markdown", "text/csv", "text/html")
_ZIPPED: Final = ("application/zip", "application/vnd.openxmlformats-officedocument.")
_IGNORING: Final = ("image/png", "image/jpeg", "image/gif", "application/pdf")


@dataclass(frozen=True, slots=True)
class Mark:
    """What a copy ends with: `dropped` bytes of the original are replaced by `added`."""

    dropped: int = 0
    added: bytes = b""

    def size_of(self, size_bytes: int) -> int:
        return size_bytes - self.dropped + len(self.added)


NO_MARK: Final = Mark()


def name_of(view_id: UUID) -> str:
    """How people write the id of a copy."""
    return f"MPW-{view_id.hex}"


def mark_for(media_type: str, view_id: UUID, end: bytes) -> Mark:
    """How a file of a type is marked; `end` is its last `ZIP_END_BYTES` bytes."""
    name = name_of(view_id).encode()
    if media_type.startswith(_ZIPPED):
        if not (end.startswith(ZIP_END) and end.endswith(b"\x00\x00")):
            return NO_MARK
        return Mark(2, len(name).to_bytes(2, "little") + name)
    if media_type in _TEXTS or media_type in _IGNORING:
        return Mark(0, b"\n%" + name + b"\n")
    if media_type in {"video/mp4", "audio/mp4"}:
        return Mark(0, (8 + len(name)).to_bytes(4, "big") + b"free" + name)
    return NO_MARK


def marked_text(content: str, view_id: UUID) -> str:
    """A text with the id of its copy at its foot, and unseen after each paragraph."""
    bits = "".join(_ONE if bit == "1" else _ZERO for bit in f"{view_id.int:0128b}")
    hidden = f"{_EDGE}{bits}{_EDGE}"
    body = "\n\n".join(part + hidden for part in content.split("\n\n"))
    return f"{body}\n\n[{name_of(view_id)}]\n"


async def with_mark(
    content: AsyncIterator[bytes], mark: Mark, *, start: int, length: int, size_bytes: int
) -> AsyncIterator[bytes]:
    """A range of a marked copy, of which `content` is the part that the original has."""
    async for part in content:
        yield part
    kept = size_bytes - mark.dropped
    yield mark.added[max(start - kept, 0) : max(start + length - kept, 0)]


def marks_in(file: BinaryIO) -> Iterator[UUID]:
    """The ids of readings that a leaked copy tells, each once; needs neither service nor keys."""
    seen: set[UUID] = set()
    before = b""
    while part := file.read(_READ_BYTES):
        window = before + part
        for found in (*_plain(window), *_hidden(window)):
            if found not in seen:
                seen.add(found)
                yield found
        before = window[-_OVERLAP_BYTES:]


def _plain(window: bytes) -> Iterator[UUID]:
    return (UUID(hex=found[1].decode()) for found in _MARK.finditer(window))


def _hidden(window: bytes) -> Iterator[UUID]:
    text = window.decode("utf-8", errors="ignore")
    for found in _HIDDEN.finditer(text):
        bits = "".join("1" if character == _ONE else "0" for character in found[1])
        yield UUID(int=int(bits, 2))
