"""Tables, sessions and row locks."""

import contextlib
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Final, TypeVar
from uuid import UUID

import orjson
from sqlalchemy import BigInteger, DateTime, Enum, MetaData, TextClause
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import configure_mappers
from sqlalchemy.orm.attributes import manager_of_class
from sqlalchemy.types import UserDefinedType
from sqlmodel import Field, SQLModel, col, select

from marketplace.kernel.clock import Clock
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.ids import new_id

Sessions = async_sessionmaker[AsyncSession]

SQLModel.metadata.naming_convention = {
    "ix": "%(table_name)s_%(column_0_N_name)s_index",
    "uq": "%(table_name)s_%(column_0_N_name)s_unique",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_foreign",
    "pk": "%(table_name)s_primary",
}
METADATA: Final[MetaData] = SQLModel.metadata


class Record(SQLModel):
    """What every table of the product carries."""

    __table_args__: ClassVar[Any] = ()

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime = Field(sa_type=DateTime(timezone=True))


class TransactionId(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id (`xid8`), which never wraps."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


def text_enum(cls: type[StrEnum]) -> Enum:
    """Store a StrEnum as its text value, and load it back as the enum."""
    return Enum(
        cls,
        native_enum=False,
        length=32,
        create_constraint=False,
        values_callable=lambda members: [member.value for member in members],
    )


def moment(*, nullable: bool = False, **options: Any) -> Any:
    """A column of a moment in UTC."""
    return Field(
        default=None if nullable else ...,
        sa_type=DateTime(timezone=True),
        nullable=nullable,
        **options,
    )


def minor(**options: Any) -> Any:
    """A column of money in minor units."""
    return Field(sa_type=BigInteger, **options)


def _to_json(value: Any) -> str:
    """JSON for the database; the driver's own UUID class and enums become text."""
    return orjson.dumps(value, default=str).decode()


PLANNING: Final = {"random_page_cost": "1.1", "jit": "off"}
"""What every session tells the planner, whoever runs the server: by PostgreSQL's own figures, made
for disks, reading on from a position in a long event log looks dearer than reading all of it."""


SESSION_SETTINGS: Final = {
    "timezone": "UTC",
    "lock_timeout": "10s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    **PLANNING,
}


def create_engine(url: str, *, pool_size: int) -> AsyncEngine:
    """An engine that fails fast: bounded pool, bounded waiting, bounded statements."""
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=False,
        json_serializer=_to_json,
        json_deserializer=orjson.loads,
        hide_parameters=True,  # an error's text reaches the log; what people wrote must not
        connect_args={
            "timeout": 10,
            "server_settings": SESSION_SETTINGS,
        },
    )


def create_sessions(engine: AsyncEngine, clock: Clock) -> Sessions:
    return async_sessionmaker(engine, expire_on_commit=False, info={"clock": clock})


@contextlib.asynccontextmanager
async def apart(session: AsyncSession) -> AsyncIterator[AsyncSession]:
    """A short transaction of its own beside that of `session`, committed when the block ends.

    It is for what is read before long work, so that no connection is held meanwhile, and for what
    a refusal of the request must not undo (docs/decisions/0015). `session` should not have begun
    to work yet: who holds one connection and waits for another may wait for those who do the same.
    """
    beside = AsyncSession(
        session.bind,
        expire_on_commit=False,
        join_transaction_mode=session.sync_session.join_transaction_mode,
        info={"clock": session.info["clock"]},
    )
    async with beside, beside.begin():
        yield beside


def clock_of(sessions: Sessions) -> Clock:
    """The clock that sessions are made with, for what needs no session."""
    clock: Clock = sessions.kw["info"]["clock"]
    return clock


def now(session: AsyncSession) -> datetime:
    """The moment of this transaction, by the clock that the session was made with.

    It is read once, so that everything that one transaction writes bears one time.
    """
    if "now" not in session.info:
        clock: Clock = session.info["clock"]
        session.info["now"] = clock.now()
    moment: datetime = session.info["now"]
    return moment


R = TypeVar("R", bound=Record)


async def lock(session: AsyncSession, model: type[R], record_id: UUID) -> R:
    """Load a row and hold it until the transaction ends.

    Raises:
        NotFoundError: no such row.
    """
    query = (
        select(model)
        .where(col(model.id) == record_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    record = (await session.execute(query)).scalar_one_or_none()
    if record is None:
        words = re.sub(r"(?<!^)(?=[A-Z])", " ", model.__name__).lower()
        raise NotFoundError(f"no such {words}")
    mark_locked(session, record)
    return record


def mark_locked(session: AsyncSession, record: Record) -> None:
    """Note that this transaction holds the row, which `move` insists on."""
    session.info.setdefault("locked", set()).add(record.id)


def is_locked(session: AsyncSession, record: Record) -> bool:
    return record.id in session.info.get("locked", ()) or record in session.new


def loaded(model: type[R], columns: Mapping[str, Any]) -> R:
    """The object of a row that the driver read: of no session, its values as the database has them.

    Enumerations stay text, which compares alike; validating a row of our own would cost as much as
    reading it.
    """
    configure_mappers()  # which a first query would do; done already, it costs nothing
    record = manager_of_class(model).new_instance()
    assert isinstance(record, model)
    record.__dict__.update(columns)
    return record


async def driver_connection(session: AsyncSession) -> Any:
    """The driver's connection that a session works on, with all that the session has to write.

    The session must have sent a statement before: only that begins its transaction.
    """
    await session.flush()
    assert session.in_transaction()
    raw = await (await session.connection()).get_raw_connection()
    return raw.driver_connection


async def fetch(session: AsyncSession, query: TextClause, **values: Any) -> Sequence[Row[Any]]:
    """Run prepared SQL text with named values and return all rows."""
    return (await session.execute(query, values)).all()
