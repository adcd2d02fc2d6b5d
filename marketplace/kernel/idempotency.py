"""`Idempotency-Key`: a POST sent again gets the first answer, and is executed once.

The key's row is written in the transaction of the work, first; a second request with the same key
waits for that transaction, then finds its stored answer. A refused request rolls the row back, so
the key is free for a corrected try. Keys belong to one actor and live for thirty days.
"""

import hashlib
from datetime import datetime, timedelta
from typing import ClassVar, Final

from fastapi import Request, Response
from sqlalchemy import Index, LargeBinary, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from marketplace.kernel.db import moment, now
from marketplace.kernel.errors import BadRequestError, ConflictError

KEY_LENGTH_MAX: Final = 200
KEPT: Final = timedelta(days=30)


class IdempotencyKeyReusedError(ConflictError):
    code = "idempotency_key_reused"
    title = "This Idempotency-Key was used for another request; choose a new one"


class InvalidIdempotencyKeyError(BadRequestError):
    code = "invalid_idempotency_key"
    title = "An Idempotency-Key is 1 to 200 printable ASCII characters"


class IdempotencyRecord(SQLModel, table=True):
    """The stored answer to one keyed request of one actor."""

    __tablename__: ClassVar[str] = "idempotency_key"
    __table_args__ = (Index("idempotency_key_created_at_index", "created_at"),)

    scope: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request_hash: bytes = Field(sa_type=LargeBinary)
    status: int | None = None
    media_type: str | None = None
    body: bytes | None = Field(default=None, sa_type=LargeBinary)
    created_at: datetime = moment()


class Replay(Exception):  # noqa: N818 - not an error: it carries the stored answer to the route
    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


_CLAIM: Final = text(
    """
    INSERT INTO idempotency_key (scope, key, request_hash, created_at)
    VALUES (:scope, :key, :request_hash, :at) ON CONFLICT (scope, key) DO NOTHING RETURNING true
    """
)
_FIND: Final = text(
    "SELECT request_hash, status, media_type, body FROM idempotency_key"
    " WHERE scope = :scope AND key = :key"
)
_STORE: Final = text(
    "UPDATE idempotency_key SET status = :status, media_type = :media_type, body = :body"
    " WHERE scope = :scope AND key = :key"
)
_FORGET: Final = text(
    "DELETE FROM idempotency_key WHERE (scope, key) IN (SELECT scope, key FROM idempotency_key"
    " WHERE created_at < :before LIMIT 10000)"
)


async def claim(session: AsyncSession, request: Request, scope: str) -> None:
    """Take the request's key for this actor, if it carries one.

    Raises:
        Replay: the same request was answered before; carries that answer.
        IdempotencyKeyReusedError: the key was used for another request.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        return
    if not 0 < len(key) <= KEY_LENGTH_MAX or not key.isascii() or not key.isprintable():
        raise InvalidIdempotencyKeyError
    request_hash = await _hash(request)
    names = {"scope": scope, "key": key}
    values = {**names, "request_hash": request_hash, "at": now(session)}
    if (await session.execute(_CLAIM, values)).scalar():
        request.state.idempotency = names
        return
    stored = (await session.execute(_FIND, names)).one()
    if stored.request_hash != request_hash or stored.status is None:
        raise IdempotencyKeyReusedError
    headers = {"idempotency-replayed": "true"}
    raise Replay(Response(stored.body, stored.status, headers, media_type=stored.media_type))


def keep_no_answer(request: Request) -> None:
    """Do a keyed request once, but never repeat its answer, which holds a secret shown once.

    The same request sent again is refused as a key that was used before.
    """
    request.state.idempotency = None


async def store(session: AsyncSession, request: Request, response: Response) -> None:
    """Keep the answer beside the claimed key, in the same transaction as the work."""
    names: dict[str, str] | None = getattr(request.state, "idempotency", None)
    if names is None:
        return
    values = {
        **names,
        "status": response.status_code,
        "media_type": response.headers.get("content-type"),
        "body": bytes(response.body),
    }
    await session.execute(_STORE, values)


async def forget_old(session: AsyncSession) -> None:
    """Delete keys older than `KEPT`, at most ten thousand a call."""
    await session.execute(_FORGET, {"before": now(session) - KEPT})


async def _hash(request: Request) -> bytes:
    line = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return hashlib.sha256(line + await request.body()).digest()
