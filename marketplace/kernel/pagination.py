"""Keyset pages: a cursor names the last row seen, so a page costs the same at any depth."""

import base64
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import Query

from marketplace.kernel.errors import BadRequestError

PAGE_MAX: Final = 100

Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="rows on a page")]
Cursor = Annotated[
    str | None, Query(max_length=200, description="`next` of the page before; leave out to start")
]


class InvalidCursorError(BadRequestError):
    code = "invalid_cursor"
    title = "The cursor is not one that this list gave; start again without it"


def encode(*parts: Any) -> str:
    """Pack the sort key of the last row; opaque to callers, URL-safe."""
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


def decode(cursor: str, *types: type) -> tuple[Any, ...]:
    """Unpack a cursor whose parts have these types (datetime, UUID, int, float, str).

    Raises:
        InvalidCursorError: not a cursor of this list.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        parts = orjson.loads(base64.urlsafe_b64decode(padded))
        if not isinstance(parts, list) or len(parts) != len(types):
            raise InvalidCursorError
        return tuple(_read(part, kind) for part, kind in zip(parts, types, strict=True))
    except (ValueError, TypeError) as error:
        raise InvalidCursorError from error


def _read(part: Any, kind: type) -> Any:
    if kind is datetime:
        moment = datetime.fromisoformat(part)
        if moment.tzinfo is None:
            raise ValueError("a cursor's time has a zone")
        return moment
    if kind is UUID:
        return UUID(part)
    if kind is float and isinstance(part, int | float):
        return float(part)
    if type(part) is not kind or (isinstance(part, int) and abs(part) >= 2**63):
        raise ValueError("a cursor part of another type")
    return part
