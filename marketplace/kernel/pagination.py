"""Keyset pages: a cursor names the last row seen, so a page costs the same at any depth."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

import orjson
from fastapi import Query
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.kernel.db import Record
from marketplace.kernel.errors import BadRequestError
from marketplace.kernel.schemas import UNSTORABLE

PAGE_MAX: Final = 100

Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="rows on a page")]
Cursor = Annotated[
    str | None, Query(max_length=200, description="`next` of the page before; leave out to start")
]


class InvalidCursorError(BadRequestError):
    code = "invalid_cursor"
    title = "The cursor is not one that this list gave; start again without it"


R = TypeVar("R", bound=Record)


async def page_by_id(
    session: AsyncSession,
    query: SelectOfScalar[R],
    model: type[R],
    *,
    cursor: str | None,
    limit: int,
    oldest_first: bool = False,
) -> tuple[Sequence[R], str | None]:
    """One page of a query by its rows' time-ordered ids, and the cursor of the next page.

    Raises:
        InvalidCursorError: not a cursor of such a list.
    """
    key = col(model.id)
    query = query.order_by(key if oldest_first else key.desc()).limit(limit + 1)
    if cursor is not None:
        (last,) = decode(cursor, UUID)
        query = query.where(key > last if oldest_first else key < last)
    found = (await session.execute(query)).scalars().all()
    following = encode(found[limit - 1].id) if len(found) > limit else None
    return found[:limit], following


def encode(*parts: Any) -> str:
    """Pack the sort key of the last row; opaque to callers, URL-safe.

    The driver's own UUID class, which JSON does not know, is packed as its text.
    """
    return base64.urlsafe_b64encode(orjson.dumps(parts, default=str)).decode().rstrip("=")


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
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidCursorError from error


def _read(part: Any, kind: type) -> Any:
    if kind is datetime:
        moment = datetime.fromisoformat(part)
        if moment.tzinfo is None:
            raise ValueError("a cursor's time has a zone")
        return moment.astimezone(UTC)
    if kind is UUID:
        return UUID(str(part))
    if kind is float and type(part) in {int, float}:
        return float(part)
    if isinstance(part, str) and UNSTORABLE.search(part):
        raise ValueError("a cursor's text comes from the database, which holds no such character")
    if type(part) is not kind or (isinstance(part, int) and abs(part) >= 2**63):
        raise ValueError("a cursor part of another type")
    return part
