"""A copy carries the id of the reading that it was given out by, so a leaked one tells who leaked.

The id stands where it can be seen, and where it is not looked for: after the end of a file that
readers ignore, or in characters of a text that have no width. A file whose format has no room for
it, or that is not what it is said to be, is given out in an archive that has it
(docs/decisions/0101).
"""

from codecs import getincrementaldecoder
from dataclasses import dataclass
from typing import Final
from uuid import UUID

ZERO, ONE, EDGE = "\u200b", "\u200c", "\u2060"
ZIP_END: Final = b"PK\x05\x06"
ZIP_END_BYTES: Final = 22
"""Of the record that ends an archive without a comment."""
START_BYTES: Final = 1_024
_TEXTS: Final = ("text/plain", "text/markdown", "text/csv", "text/html")
_ZIPPED: Final = ("application/zip", "application/vnd.openxmlformats-officedocument.")
_SIGNS: Final = {
    "image/png": (b"\x89PNG\r\n\x1a\n", 0),
    "image/jpeg": (b"\xff\xd8\xff", 0),
    "image/gif": (b"GIF8", 0),
    "application/pdf": (b"%PDF-", 0),
    "video/mp4": (b"ftyp", 4),
    "audio/mp4": (b"ftyp", 4),
}
"""What such a file has at which place, whatever its owner says that it is."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a copy ends with: `dropped` bytes of the original are replaced by `added`."""

    dropped: int
    added: bytes

    def size_of(self, size_bytes: int) -> int:
        return size_bytes - self.dropped + len(self.added)


def name_of(view_id: UUID) -> str:
    """How people write the id of a copy."""
    return f"MPW-{view_id.hex}"


def mark_for(media_type: str, view_id: UUID, start: bytes, end: bytes) -> Mark | None:
    """How a file of a type is marked at its end; None when it has no room there.

    `start` are its first `START_BYTES` bytes, `end` its last `ZIP_END_BYTES`.
    """
    name = name_of(view_id).encode()
    if media_type.startswith(_ZIPPED):
        if not (end.startswith(ZIP_END) and end.endswith(b"\x00\x00")):
            return None
        return Mark(2, len(name).to_bytes(2, "little") + name)
    if media_type in _TEXTS:
        return Mark(0, b"\n%" + name + b"\n") if _is_utf8(start) else None
    sign, place = _SIGNS.get(media_type, (b"", 0))
    if not sign or not start.startswith(sign, place):
        return None
    if media_type.endswith("/mp4"):
        return Mark(0, (8 + len(name)).to_bytes(4, "big") + b"free" + name)
    return Mark(0, b"\n%" + name + b"\n")


def _is_utf8(start: bytes) -> bool:
    try:
        getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return b"\x00" not in start


def unseen(content: str, view_id: UUID) -> str:
    """A text with the id of its copy, unseen, after each paragraph."""
    bits = "".join(ONE if bit == "1" else ZERO for bit in f"{view_id.int:0128b}")
    hidden = f"{EDGE}{bits}{EDGE}"
    return "\n\n".join(part + hidden for part in content.split("\n\n"))


def marked_text(content: str, view_id: UUID) -> str:
    """A text with the id of its copy at its foot, and unseen after each paragraph."""
    return f"{unseen(content, view_id)}\n\n[{name_of(view_id)}]\n"
