"""When keys were last used: noted in memory by each request, and written down once a minute."""

import asyncio
from datetime import datetime
from typing import Final

from sqlalchemy import DateTime, String, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import SQLAlchemyError

from marketplace.accounts.api_keys.service import PREFIX, PUBLIC_BYTES
from marketplace.kernel.db import Sessions
from marketplace.kernel.logs import get_logger

logger = get_logger(__name__)

FLUSH_SECONDS: Final = 60.0
NOTED_MAX: Final = 10_000
_PUBLIC: Final = slice(len(PREFIX), len(PREFIX) + 2 * PUBLIC_BYTES)

# A row that another process is writing is left to it: its minute is as good as ours.
_WRITE: Final = text(
    """
    WITH used AS (
        SELECT k.id, u.used_at
        FROM unnest(:public_ids, :moments) AS u (public_id, used_at)
        JOIN api_key k USING (public_id)
        WHERE k.last_used_at IS NULL OR k.last_used_at < u.used_at
        FOR UPDATE OF k SKIP LOCKED
    )
    UPDATE api_key k SET last_used_at = used.used_at FROM used WHERE k.id = used.id
    """
).bindparams(
    bindparam("public_ids", type_=ARRAY(String)),
    bindparam("moments", type_=ARRAY(DateTime(timezone=True))),
)


class LastUses:
    """The keys that this process saw since it last wrote. A crash loses a minute of it."""

    def __init__(self) -> None:
        self._noted: dict[str, datetime] = {}

    def note(self, credential: str, at: datetime) -> None:
        """Note the use of a credential that was found good; only keys are kept in mind."""
        if credential.startswith(PREFIX):
            public_id = credential[_PUBLIC]
            if public_id in self._noted or len(self._noted) < NOTED_MAX:
                self._noted[public_id] = at

    async def flush(self, sessions: Sessions) -> None:
        """Write down what was noted."""
        noted, self._noted = self._noted, {}
        if noted:
            values = {"public_ids": list(noted), "moments": list(noted.values())}
            async with sessions.begin() as session:
                await session.execute(_WRITE, values)

    async def flush_often(self, sessions: Sessions) -> None:
        """Write once a minute, for ever, and a last time when it is told to stop."""
        try:
            while True:
                await asyncio.sleep(FLUSH_SECONDS)
                await self._try(sessions)
        finally:
            await self._try(sessions)

    async def _try(self, sessions: Sessions) -> None:
        """A minute whose uses cannot be written is not worth more than a line in the log."""
        try:
            await self.flush(sessions)
        except (SQLAlchemyError, OSError) as error:
            logger.warning("last uses of keys not written", error=type(error).__name__)
