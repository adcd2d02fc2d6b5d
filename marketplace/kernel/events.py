"""The event log: one append-only table that is audit trail, outbox and source of every projection.

Readers follow commit order: an event is visible to a consumer only when no older transaction is
still open (`transaction_id < pg_snapshot_xmin`), so a position never skips a late commit.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final

from sqlalchemy import BigInteger, Column, FetchedValue, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from marketplace.kernel.database_errors import is_transient
from marketplace.kernel.db import Sessions, TransactionId, moment, now
from marketplace.kernel.logs import get_logger

logger = get_logger(__name__)

ATTEMPTS_MAX: Final = 5
BATCH: Final = 200


class Event(SQLModel, table=True):
    """One fact that happened. Rows are never changed or deleted; the database refuses it."""

    __tablename__: ClassVar[str] = "event"
    __table_args__ = (
        Index("event_commit_order_index", "transaction_id", "sequence"),
        Index("event_subject_index", "subject", "sequence"),
        Index("event_actor_index", "actor", "sequence"),
    )

    sequence: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    transaction_id: int | None = Field(
        default=None,
        sa_column=Column(
            TransactionId,
            FetchedValue(),
            server_default=text("pg_current_xact_id()"),
            nullable=False,
        ),
    )
    type: str
    subject: str
    actor: str
    data: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    recorded_at: datetime = moment()


class ConsumerPosition(SQLModel, table=True):
    """How far a consumer has read, in commit order."""

    __tablename__: ClassVar[str] = "event_consumer"

    name: str = Field(primary_key=True)
    transaction_id: int = Field(default=0, sa_column=Column(TransactionId, nullable=False))
    sequence: int = Field(default=0, sa_type=BigInteger)


class EventFailure(SQLModel, table=True):
    """An event that a consumer could not handle; set aside after the last attempt."""

    __tablename__: ClassVar[str] = "event_failure"

    consumer: str = Field(primary_key=True)
    sequence: int = Field(primary_key=True, sa_type=BigInteger)
    attempts: int
    error: str
    failed_at: datetime = moment()
    set_aside: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """An event as consumers see it."""

    transaction_id: int
    sequence: int
    type: str
    subject: str
    actor: str
    data: Mapping[str, Any]
    recorded_at: datetime

    @property
    def position(self) -> tuple[int, int]:
        return self.transaction_id, self.sequence


Handler = Callable[[AsyncSession, Fact], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Consumer:
    """A named reader of the log. Handlers are idempotent: delivery is at least once."""

    name: str
    handlers: Mapping[str, Handler] = field(default_factory=dict)


def publish(
    session: AsyncSession, type_: str, *, subject: str, actor: str, data: Mapping[str, Any]
) -> None:
    """Write an event in the transaction of the change. Never put confidential text into `data`."""
    session.add(
        Event(type=type_, subject=subject, actor=actor, data=dict(data), recorded_at=now(session))
    )


NEXT: Final = text(
    """
    SELECT transaction_id::text::bigint, sequence, type, subject, actor, data, recorded_at
    FROM event
    WHERE (transaction_id, sequence) > (CAST(CAST(:transaction_id AS text) AS xid8), :sequence)
      AND transaction_id < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY transaction_id, sequence
    LIMIT :limit
    """
)


async def read_after(
    session: AsyncSession, position: tuple[int, int], limit: int = BATCH
) -> list[Fact]:
    """The next events in commit order after a position `(transaction_id, sequence)`."""
    values = {"transaction_id": str(position[0]), "sequence": position[1], "limit": limit}
    return [Fact(*row) for row in (await session.execute(NEXT, values)).all()]


_IS_NEWS: Final = text(
    """
    SELECT NOT EXISTS (SELECT FROM event_consumer WHERE name = :name) OR EXISTS (
        SELECT FROM event
        WHERE (transaction_id, sequence)
                > (SELECT transaction_id, sequence FROM event_consumer WHERE name = :name)
          AND transaction_id < pg_snapshot_xmin(pg_current_snapshot()))
    """
)


async def is_news(sessions: Sessions, name: str) -> bool:
    """Whether a consumer has something to do, be it to get its position; takes no lock.

    A lock costs a transaction id, and whoever is idle looks several times a second.
    """
    async with sessions() as session:
        return bool((await session.execute(_IS_NEWS, {"name": name})).scalar_one())


_HISTORY: Final = text(
    """
    SELECT transaction_id::text::bigint, sequence, type, subject, actor, data, recorded_at
    FROM event WHERE subject = ANY (:subjects) ORDER BY sequence LIMIT 1000
    """
)


async def history(session: AsyncSession, *subjects: str) -> list[Fact]:
    """What happened to some subjects, oldest first, at most a thousand events."""
    rows = await session.execute(_HISTORY, {"subjects": list(subjects)})
    return [Fact(*row) for row in rows]


async def deliver(sessions: Sessions, consumer: Consumer, limit: int = BATCH) -> int:
    """Hand the next events to a consumer and move its position, in one transaction.

    Any number of workers may call this: the position row is locked, and others skip it.
    An event that fails stops the batch and is retried after 2, 4, 8 … seconds; after
    `ATTEMPTS_MAX` attempts it is set aside for an operator and the consumer goes on.

    Returns:
        How many events were passed; 0 when there is nothing to do now.
    """
    if not await is_news(sessions, consumer.name):
        return 0
    async with sessions.begin() as session:
        position = await _lock_position(session, consumer.name)
        if position is None:
            return 0
        facts = await read_after(session, position, limit)
        passed = 0
        for fact in facts:
            if not await _handle(session, consumer, fact):
                break
            passed += 1
        if passed:
            await _store_position(session, consumer.name, facts[:passed])
        return passed


async def _handle(session: AsyncSession, consumer: Consumer, fact: Fact) -> bool:
    handler = consumer.handlers.get(fact.type)
    if handler is None:
        return True
    try:
        async with session.begin_nested():
            await handler(session, fact)
    except Exception as error:
        if is_transient(error):
            raise  # no fault of the event's: the batch is done again, on another connection
        return await _note_failure(session, consumer.name, fact, error)
    return True


_ONE: Final = text(
    """
    SELECT transaction_id::text::bigint, sequence, type, subject, actor, data, recorded_at
    FROM event WHERE sequence = :sequence
    """
)


async def retry(session: AsyncSession, consumer: Consumer, failure: EventFailure) -> None:
    """Handle an event that was set aside; when that works, the failure is forgotten."""
    row = (await session.execute(_ONE, {"sequence": failure.sequence})).one()
    fact = Fact(*row)
    if handler := consumer.handlers.get(fact.type):
        await handler(session, fact)
    await session.delete(failure)


_NOTE_FAILURE: Final = text(
    """
    INSERT INTO event_failure AS f (consumer, sequence, attempts, error, failed_at, set_aside)
    VALUES (:consumer, :sequence, 1, :error, :at, false)
    ON CONFLICT (consumer, sequence) DO UPDATE
    SET attempts = f.attempts + 1, error = EXCLUDED.error, failed_at = EXCLUDED.failed_at,
        set_aside = f.attempts + 1 >= :attempts_max
    RETURNING set_aside
    """
)


async def _note_failure(session: AsyncSession, consumer: str, fact: Fact, error: Exception) -> bool:
    """Count the attempt; true when it was the last one and the consumer goes on without it."""
    values = {
        "consumer": consumer,
        "sequence": fact.sequence,
        "error": type(error).__name__,  # the text of an error may quote what was confidential
        "at": now(session),
        "attempts_max": ATTEMPTS_MAX,
    }
    set_aside = bool((await session.execute(_NOTE_FAILURE, values)).scalar_one())
    told = {key: values[key] for key in ("consumer", "sequence", "error")}
    logger.warning("event not handled", type=fact.type, set_aside=set_aside, **told)
    return set_aside


_ENSURE_POSITION: Final = text(
    """
    INSERT INTO event_consumer (name, transaction_id, sequence)
    SELECT CAST(:name AS text), '0', 0
    WHERE NOT EXISTS (SELECT FROM event_consumer WHERE name = :name)
    ON CONFLICT (name) DO NOTHING
    """
)
_LOCK_POSITION: Final = text(
    """
    SELECT transaction_id::text::bigint, sequence FROM event_consumer
    WHERE name = :name AND NOT EXISTS (
        SELECT FROM event_failure f
        WHERE f.consumer = :name AND NOT f.set_aside
          AND f.failed_at + make_interval(secs => 2 ^ f.attempts) > :now)
    FOR UPDATE SKIP LOCKED
    """
)
_FORGET_FAILURES: Final = text(
    "DELETE FROM event_failure"
    " WHERE consumer = :name AND NOT set_aside AND sequence = ANY (:sequences)"
)
_STORE_POSITION: Final = text(
    "UPDATE event_consumer SET transaction_id = CAST(CAST(:transaction_id AS text) AS xid8),"
    " sequence = :sequence WHERE name = :name"
)


async def ensure_position(session: AsyncSession, name: str) -> None:
    """Give a consumer its position, once. One that exists is not waited for, though it be moved."""
    await session.execute(_ENSURE_POSITION, {"name": name})


async def _lock_position(session: AsyncSession, name: str) -> tuple[int, int] | None:
    row = (await session.execute(_LOCK_POSITION, {"name": name, "now": now(session)})).first()
    return (row[0], row[1]) if row else None


async def _store_position(session: AsyncSession, name: str, passed: Sequence[Fact]) -> None:
    """Go on behind these events; those that failed and then succeeded need nobody any more."""
    sequences = [fact.sequence for fact in passed]
    await session.execute(_FORGET_FAILURES, {"name": name, "sequences": sequences})
    transaction_id, sequence = passed[-1].position
    values = {"name": name, "transaction_id": str(transaction_id), "sequence": sequence}
    await session.execute(_STORE_POSITION, values)
