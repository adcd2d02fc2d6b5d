"""Finding in a leaked copy the ids of the readings that it was given out by.

Needs neither service nor keys. A copy may have been saved in another encoding, pasted into an
office document or an answer of an API: marks are found there too.
"""

import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from typing import IO, BinaryIO, Final
from uuid import UUID
from zlib import error as DeflateError  # noqa: N812 - it is an exception

from marketplace.documents.watermarks import EDGE, ONE, ZERO

_MARK: Final = re.compile(r"MPW-([0-9a-f]{32})", re.IGNORECASE)
_HIDDEN: Final = re.compile(f"{EDGE}([{ZERO}{ONE}]{{128}}){EDGE}")
_WRITTEN_OUT: Final = re.compile(
    r"\\u(20(?:0[bc]|60))|&#(?:x(20(?:0[bc]|60))|(820[34]|8288));", re.IGNORECASE
)
_WIDE: Final = ("utf-16-le", "utf-16-be")
_OVERLAP_BYTES: Final = 2_048
_READ_BYTES: Final = 1_048_576
_UNPACKED_BYTES_MAX: Final = 1 << 30
"""Of an archive: more is not looked at, as it may be made to be endless."""


def marks_in(file: BinaryIO) -> Iterator[UUID]:
    """The ids of readings that a leaked copy tells, each once."""
    seen: set[UUID] = set()
    for found in chain(_marks(file), _packed(file)):
        if found not in seen:
            seen.add(found)
            yield found


def _marks(file: IO[bytes], bytes_max: int | None = None) -> Iterator[UUID]:
    before, left = b"", bytes_max
    while part := file.read(_READ_BYTES if left is None else min(_READ_BYTES, left)):
        window = before + part
        yield from _of(window.decode(errors="ignore"))
        for encoding in _WIDE:
            if any(sign.encode(encoding) in window for sign in ("MPW-", EDGE)):
                for shift in range(2):
                    yield from _of(window[shift:].decode(encoding, errors="ignore"))
        before = window[-_OVERLAP_BYTES:]
        left = None if left is None else left - len(part)


def _of(text: str) -> Iterator[UUID]:
    yield from (UUID(hex=found[1]) for found in _MARK.finditer(text))
    if EDGE not in text:
        text = _WRITTEN_OUT.sub(_character, text)
    for found in _HIDDEN.finditer(text):
        yield UUID(int=int("".join("1" if one == ONE else "0" for one in found[1]), 2))


def _character(written: re.Match[str]) -> str:
    escaped, hexadecimal, decimal = written.groups()
    return chr(int(decimal)) if decimal else chr(int(escaped or hexadecimal, 16))


def _packed(file: BinaryIO) -> Iterator[UUID]:
    """What the parts of an archive tell, such as of an office document."""
    if not zipfile.is_zipfile(file):
        return
    left = _UNPACKED_BYTES_MAX
    unreadable = (zipfile.BadZipFile, DeflateError, RuntimeError, EOFError)
    with suppress(*unreadable), zipfile.ZipFile(file) as archive:
        for part in archive.infolist():
            with archive.open(part) as opened:
                yield from _marks(opened, min(left, part.file_size))
            left -= part.file_size
            if left <= 0:
                return
