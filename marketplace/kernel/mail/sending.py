"""The worker's part: claim a message, send it with no transaction open, record what came of it.

Who claims a message has it for `LEASE`. A worker that dies between sending and recording leaves it
to the next, who sends it again under the same Message-ID: at least once, and recognisably once.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.crypto import Keyring, Sealed
from marketplace.kernel.db import Sessions, now
from marketplace.kernel.logs import get_logger
from marketplace.kernel.mail.service import open_message
from marketplace.kernel.mail.transport import RefusedForGoodError, Transport, domain_of

logger = get_logger(__name__)

BATCH: Final = 50
SEND_SECONDS_MAX: Final = 60.0
LEASE: Final = timedelta(minutes=3)
ATTEMPTS_MAX: Final = 10
FIRST_PAUSE: Final = timedelta(seconds=15)
PAUSE_MAX: Final = timedelta(hours=2)

_CLAIM: Final = text(
    """
    UPDATE mail SET due_at = :until, attempts = attempts + 1
    WHERE id = (SELECT id FROM mail WHERE due_at <= :now ORDER BY due_at LIMIT 1
                FOR UPDATE SKIP LOCKED)
    RETURNING id, created_at, attempts, key_id, wrapped_key, ciphertext
    """
)
_SENT: Final = text("DELETE FROM mail WHERE id = :id")
_FAILED: Final = text(
    "UPDATE mail SET due_at = :due_at, error = :error WHERE id = :id AND attempts = :attempts"
)


@dataclass(frozen=True, slots=True)
class Mailer:
    """What sends the messages of a database: the keys to read them, the way out, the sender."""

    sessions: Sessions
    keyring: Keyring
    transport: Transport
    sender: str

    async def send_due(self) -> int:
        """Send what is due, at most `BATCH`; returns how many messages were tried."""
        for count in range(BATCH):
            if not await self._send_next():
                return count
        return BATCH

    async def _send_next(self) -> bool:
        async with self.sessions.begin() as session:
            values = {"now": now(session), "until": now(session) + LEASE}
            claimed = (await session.execute(_CLAIM, values)).first()
        if claimed is None:
            return False
        failure = await self._try(claimed)
        async with self.sessions.begin() as session:
            if failure is None:
                await session.execute(_SENT, {"id": claimed.id})
            else:
                await _record_failure(session, claimed, failure)
        return True

    async def _try(self, claimed: Row[Any]) -> Exception | None:
        """Send a message; whatever goes wrong with it is recorded, and holds up no other."""
        if claimed.attempts > ATTEMPTS_MAX:
            return RefusedForGoodError("its worker died each time")
        try:
            async with asyncio.timeout(SEND_SECONDS_MAX):
                await self.transport.deliver(self._compose(claimed))
        except Exception as error:  # noqa: BLE001 - a server may answer, and break, in any way
            return error
        return None

    def _compose(self, claimed: Row[Any]) -> EmailMessage:
        sealed = Sealed(claimed.key_id, claimed.wrapped_key, claimed.ciphertext)
        message = open_message(self.keyring, claimed.id, sealed)
        composed = EmailMessage()
        composed["From"] = self.sender
        composed["To"] = message.to
        composed["Subject"] = message.subject
        composed["Date"] = format_datetime(claimed.created_at)
        composed["Message-ID"] = message_id(claimed.id, self.sender)
        composed["Auto-Submitted"] = "auto-generated"
        composed.set_content(message.text, cte="8bit")
        return composed


def message_id(mail_id: UUID, sender: str) -> str:
    return f"<{mail_id}@{domain_of(sender)}>"


def pause_after(attempts: int) -> timedelta | None:
    """How long to wait after so many attempts; None when there is no other."""
    if attempts >= ATTEMPTS_MAX:
        return None
    growth: int = 4 ** (attempts - 1)
    return min(FIRST_PAUSE * growth, PAUSE_MAX)


async def _record_failure(session: AsyncSession, claimed: Row[Any], error: Exception) -> None:
    """Note when to try again. Of the error only its kind is told: its text may quote a person."""
    for_good = isinstance(error, RefusedForGoodError)
    pause = None if for_good else pause_after(claimed.attempts)
    known = str(error) if for_good else type(error).__name__
    told = {"id": claimed.id, "attempts": claimed.attempts, "error": known}
    due_at = now(session) + pause if pause else None
    await session.execute(_FAILED, told | {"due_at": due_at})
    if pause:
        logger.warning("mail not sent", **told, again_in_seconds=int(pause.total_seconds()))
    else:
        logger.error("mail set aside; see `marketplace mail list`", **told)
