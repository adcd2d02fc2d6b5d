"""Messages to people: written down in the transaction of the change, and sent after it."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from email.errors import HeaderParseError, MessageDefect
from email.headerregistry import Address
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.kernel.crypto import Keyring, Sealed
from marketplace.kernel.db import now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.ids import new_id
from marketplace.kernel.mail.models import Mail

KEPT: Final = timedelta(days=30)
"""So long does a message that was set aside wait for an operator."""

_FORGET: Final = text("DELETE FROM mail WHERE due_at IS NULL AND created_at < :before")


def is_address(text_: str) -> bool:
    """Whether a text is one plain e-mail address: no name, comment, quote or list."""
    try:
        return '"' not in text_ and Address(addr_spec=text_).addr_spec == text_
    except (HeaderParseError, MessageDefect, ValueError, IndexError):
        return False


@dataclass(frozen=True, slots=True)
class Message:
    """A plain-text message to one address. Only its length may appear in a log."""

    to: str
    subject: str
    text: str

    def __post_init__(self) -> None:
        if not is_address(self.to):
            raise ValueError("the recipient is not one plain e-mail address")
        if not self.subject.isprintable():
            raise ValueError("a subject is one line of printable text")

    def __repr__(self) -> str:
        return f"<Message of {len(self.text)} characters>"


async def send_later(session: AsyncSession, keyring: Keyring, message: Message) -> None:
    """Have a message sent once this transaction has committed, and not at all if it does not.

    It is sent at least once, with a Message-ID that stays the same.
    """
    mail_id, moment = new_id(), now(session)
    sealed = keyring.seal(orjson.dumps(asdict(message)), context=_context(mail_id))
    session.add(
        Mail(
            id=mail_id,
            created_at=moment,
            due_at=moment,
            key_id=sealed.key_id,
            wrapped_key=sealed.wrapped_key,
            ciphertext=sealed.ciphertext,
        )
    )


def open_message(keyring: Keyring, mail_id: UUID, sealed: Sealed) -> Message:
    """Read a message that was written down.

    Raises:
        DecryptionError: its bytes were changed, or the master key is missing.
    """
    return Message(**orjson.loads(keyring.open(sealed, context=_context(mail_id))))


async def unsent(session: AsyncSession, limit: int) -> list[Mail]:
    """Messages that are still here: first those set aside, then by when they are due."""
    query = select(Mail).order_by(col(Mail.due_at).nulls_first(), col(Mail.id)).limit(limit)
    return list((await session.execute(query)).scalars())


async def send_again(session: AsyncSession, mail_id: UUID) -> None:
    """Put a message that was set aside back into the queue, with all its attempts.

    Raises:
        NotFoundError: no such message was set aside.
    """
    query = select(Mail).where(col(Mail.id) == mail_id, col(Mail.due_at).is_(None))
    mail = (await session.execute(query.with_for_update())).scalar_one_or_none()
    if mail is None:
        raise NotFoundError("no such message was set aside")
    mail.due_at, mail.attempts, mail.error = now(session), 0, None


async def forget_old(session: AsyncSession) -> None:
    """Delete messages that were set aside and that nobody asked for: they are personal data."""
    await session.execute(_FORGET, {"before": now(session) - KEPT})


def _context(mail_id: UUID) -> str:
    return f"mail:{mail_id}"
