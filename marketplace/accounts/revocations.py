"""News of revocations, which every API process hears the moment they are committed.

PostgreSQL delivers a notification to each listening connection when its transaction commits. While
that connection is known to be up, nothing that was revoked can still be remembered; when it is not,
the authenticator asks the database about every request.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import ClassVar, Final

import asyncpg
from sqlalchemy import Index, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from marketplace.kernel.db import moment, now
from marketplace.kernel.logs import get_logger

logger = get_logger(__name__)

CHANNEL: Final = "revocation"
KEPT: Final = timedelta(hours=1)
"""No credential that is believed without asking the database lives longer than this."""
CHECK_SECONDS: Final = 0.25
LIVE_SECONDS: Final = 0.75
"""So long after the connection's last sign of life is its silence believed."""


class Revocation(SQLModel, table=True):
    """Something that credentials depend on was revoked, suspended or changed a moment ago."""

    __tablename__: ClassVar[str] = "revocation"
    __table_args__ = (Index("revocation_revoked_at_index", "revoked_at"),)

    subject: str = Field(primary_key=True)
    revoked_at: datetime = moment()


_NOTE: Final = text(
    """
    WITH noted AS (
        INSERT INTO revocation (subject, revoked_at)
        SELECT DISTINCT subject, CAST(:at AS timestamptz)
        FROM unnest(CAST(:subjects AS text[])) AS s (subject)
        ON CONFLICT (subject) DO UPDATE SET revoked_at = excluded.revoked_at
        RETURNING subject
    )
    SELECT pg_notify('revocation', subject) FROM noted
    """
)
_RECENT: Final = "SELECT subject FROM revocation"
_FORGET: Final = text("DELETE FROM revocation WHERE revoked_at < :before")


async def revoke(session: AsyncSession, *subjects: str) -> None:
    """Make every process ask the database again about what depends on the subjects.

    It takes effect when this transaction commits, everywhere within a second.
    """
    await session.execute(_NOTE, {"subjects": sorted(subjects), "at": now(session)})


async def forget_old(session: AsyncSession) -> None:
    """Delete news that no living credential can depend on."""
    await session.execute(_FORGET, {"before": now(session) - 2 * KEPT})


Hear = Callable[[str | None], None]


class Revocations:
    """The feed as the authenticator sees it. Until it is connected it is not live."""

    def __init__(self) -> None:
        self.heard = 0
        self._recent: dict[str, float] = {}
        self._live_until = float("-inf")
        self._listeners: list[Hear] = []

    @property
    def are_live(self) -> bool:
        return time.monotonic() < self._live_until

    def touch(self, subjects: Iterable[str]) -> bool:
        """Whether one of the subjects was revoked lately, so that only the database knows."""
        return not self._recent.keys().isdisjoint(subjects)

    def listen(self, hear: Hear) -> None:
        """Call `hear` with each revoked subject; with None when some may have been missed."""
        self._listeners.append(hear)

    async def follow(self, url: str) -> None:
        """Hear news for ever, connecting again when the connection is lost."""
        while True:
            try:
                await self._follow_one(url)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                logger.warning("revocations unheard", error=type(error).__name__)
            await asyncio.sleep(CHECK_SECONDS)

    async def _follow_one(self, url: str) -> None:
        connection = await asyncpg.connect(url, timeout=5)
        try:
            await connection.add_listener(CHANNEL, self._on_notification)
            recent = await connection.fetch(_RECENT)
            self._recent = dict.fromkeys((row["subject"] for row in recent), time.monotonic())
            self._tell(None)
            while True:
                await self._check(connection)
                await asyncio.sleep(CHECK_SECONDS)
        finally:
            self._live_until = float("-inf")
            connection.terminate()

    async def _check(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """What was committed before the question was asked is delivered before its answer."""
        asked_at = time.monotonic()
        await connection.fetchval("SELECT 1", timeout=LIVE_SECONDS)
        self._live_until = asked_at + LIVE_SECONDS

    def _on_notification(self, _connection: object, _pid: int, _channel: str, said: object) -> None:
        subject, heard_at = str(said), time.monotonic()
        outdated = heard_at - KEPT.total_seconds()
        self._recent = {s: at for s, at in self._recent.items() if at > outdated}
        self._recent[subject] = heard_at
        self._tell(subject)

    def _tell(self, subject: str | None) -> None:
        self.heard += 1
        for hear in self._listeners:
            hear(subject)
