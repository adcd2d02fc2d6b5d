"""Parquet files of plain columns, whose bytes no upgrade of a library changes.

Format: https://parquet.apache.org/docs/file-format/ — one row group, one data page a column, plain
encoding, no compression; the footer is Thrift's compact protocol. Columns are text, 64-bit integers
(which may be missing) or days. A test reads the files with an independent reader.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from itertools import groupby
from typing import Any, Final

MAGIC: Final = b"PAR1"
EPOCH: Final = date(1970, 1, 1).toordinal()
WRITER: Final = "idea and patent marketplace"
_REQUIRED, _OPTIONAL = 0, 1
_PLAIN, _RLE = 0, 3
_SHORT_LIST: Final = 15


class Type(IntEnum):
    """Physical types; a day is a 32-bit integer, text is bytes, with a meaning added."""

    DAY = 1
    INTEGER = 2
    TEXT = 6


_MEANING: Final = {Type.TEXT: 0, Type.DAY: 6}


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: Type
    is_optional: bool = False


def write(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> bytes:
    """A file of rows; each row has a value for each column, None where it is missing."""
    body, chunks = bytearray(MAGIC), []
    for place, column in enumerate(columns):
        page = _page(column, [row[place] for row in rows])
        chunks.append(_chunk(column, len(rows), offset=len(body), size=len(page)))
        body += page
    footer = _footer(columns, chunks, rows=len(rows), size=len(body) - len(MAGIC))
    return bytes(body) + footer + struct.pack("<I", len(footer)) + MAGIC


def _page(column: Column, values: Sequence[Any]) -> bytes:
    levels = _levels(values) if column.is_optional else b""
    data = levels + b"".join(_plain(column.type, value) for value in values if value is not None)
    about = _struct({1: len(values), 2: _PLAIN, 3: _RLE, 4: _RLE})
    return _struct({1: 0, 2: len(data), 3: len(data), 5: about}) + data


def _levels(values: Sequence[Any]) -> bytes:
    """Which values there are: runs of ones and zeros."""
    runs = [(is_there, len([*run])) for is_there, run in groupby(v is not None for v in values)]
    content = b"".join(_varint(length << 1) + bytes([is_there]) for is_there, length in runs)
    return struct.pack("<I", len(content)) + content


def _plain(type_: Type, value: Any) -> bytes:
    if type_ is Type.INTEGER:
        return struct.pack("<q", value)
    if type_ is Type.DAY:
        return struct.pack("<i", value.toordinal() - EPOCH)
    written = value.encode()
    return struct.pack("<I", len(written)) + bytes(written)


def _footer(columns: Sequence[Column], chunks: list[bytes], *, rows: int, size: int) -> bytes:
    schema = [_struct({4: "schema", 5: len(columns)}), *map(_element, columns)]
    group = _struct({1: chunks, 2: _Long(size), 3: _Long(rows)})
    return _struct({1: 1, 2: schema, 3: _Long(rows), 4: [group], 6: WRITER})


def _element(column: Column) -> bytes:
    repetition = _OPTIONAL if column.is_optional else _REQUIRED
    fields: dict[int, Any] = {1: int(column.type), 3: repetition, 4: column.name}
    if column.type in _MEANING:
        fields[6] = _MEANING[column.type]
    return _struct(fields)


def _chunk(column: Column, rows: int, *, offset: int, size: int) -> bytes:
    about = {
        1: int(column.type),
        2: [_PLAIN, _RLE],
        3: [column.name],
        4: 0,
        5: _Long(rows),
        6: _Long(size),
        7: _Long(size),
        9: _Long(offset),
    }
    return _struct({2: _Long(offset), 3: _struct(about)})


class _Long(int):
    """A 64-bit field; other integers are 32-bit ones."""


def _struct(fields: dict[int, Any]) -> bytes:
    """A Thrift struct; structs within it are given written already."""
    written, last = bytearray(), 0
    for number, value in fields.items():
        written.append((number - last) << 4 | _kind(value))
        written += _value(value)
        last = number
    return bytes(written) + b"\0"


def _kind(value: Any) -> int:
    kinds = ((_Long, 6), (int, 5), (str, 8), (list, 9), (bytes, 12))
    return next(kind for type_, kind in kinds if isinstance(value, type_))


def _value(value: Any) -> bytes:
    if isinstance(value, int):
        return _varint(value << 1)  # zigzag; no field is negative
    if isinstance(value, str):
        return _varint(len(value.encode())) + value.encode()
    if isinstance(value, list):
        return _list(value)
    return bytes(value)


def _list(values: list[Any]) -> bytes:
    kind, count = _kind(values[0]), len(values)
    head = bytes([count << 4 | kind]) if count < _SHORT_LIST else bytes([0xF0 | kind])
    length = b"" if count < _SHORT_LIST else _varint(count)
    return head + length + _joined(map(_value, values))


def _joined(parts: Iterable[bytes]) -> bytes:
    return b"".join(parts)


def _varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*written, number])
