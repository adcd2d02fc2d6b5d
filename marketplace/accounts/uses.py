"""When credentials were last used: noted in memory by each request, written down now and then.

A request writes nothing for it. What is shown is right within `WRITE_SECONDS` and `COARSE`.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import TextClause
from sqlalchemy.exc import SQLAlchemyError

from marketplace.kernel.db import Sessions, now
from marketplace.kernel.logs import get_logger

logger = get_logger(__name__)

WRITE_SECONDS: Final = 60.0
COARSE: Final = timedelta(minutes=5)
"""A time that is younger than this is left as it is."""


class Uses:
    """The credentials that were used since the last time this was written down."""

    def __init__(self, statements: Mapping[str, TextClause]) -> None:
        """`statements` by kind of credential; each takes `ids`, `now` and `before`."""
        self._statements = statements
        self._used: set[str] = set()

    def add(self, credential: str) -> None:
        """Note a use of a credential, named `<kind>:<id>`."""
        self._used.add(credential)

    async def write(self, sessions: Sessions) -> None:
        """Write down what was used; one statement a kind, however many there are."""
        used, self._used = self._used, set()
        ids: dict[str, list[UUID]] = {}
        for credential in sorted(used):
            kind, _, credential_id = credential.partition(":")
            ids.setdefault(kind, []).append(UUID(credential_id))
        if not ids:
            return
        async with sessions.begin() as session:
            times = {"now": now(session), "before": now(session) - COARSE}
            for kind, those in ids.items():
                await session.execute(self._statements[kind], {"ids": those, **times})

    async def keep_writing(self, sessions: Sessions) -> None:
        """Write for ever; what cannot be written is of no great value, and is dropped."""
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            try:
                await self.write(sessions)
            except (SQLAlchemyError, OSError) as error:
                logger.warning("uses of credentials not written", error=type(error).__name__)
