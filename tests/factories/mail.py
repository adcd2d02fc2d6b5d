"""The mail of a test: what waits to be sent, read with its key; and a mail server to send it to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.crypto import Keyring, Sealed
from marketplace.kernel.db import Sessions
from marketplace.kernel.mail.service import Message, open_message, unsent


async def unsent_messages(session: AsyncSession, keyring: Keyring) -> list[Message]:
    """What waits to be sent, oldest first."""
    mails = sorted(await unsent(session, 1000), key=lambda one: one.id)
    return [
        open_message(keyring, one.id, Sealed(one.key_id, one.wrapped_key, one.ciphertext))
        for one in mails
    ]


async def mail_to(sessions: Sessions, keyring: Keyring, address: str) -> list[Message]:
    """The messages that wait for one person, oldest first."""
    async with sessions() as session:
        return [one for one in await unsent_messages(session, keyring) if one.to == address]


@dataclass
class MailServer:
    """A mail server that keeps what it takes, and refuses as it is told."""

    port: int = 0
    taken: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    refuse_recipient: str = ""
    refuse_data: str = ""

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if self.refuse_recipient:
            return self.refuse_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Envelope
    ) -> str:
        if self.refuse_data:
            return self.refuse_data
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append((envelope.rcpt_tos, message))
        return "250 OK"


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    """Listen on a free port of this machine."""
    handler = MailServer()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(handler, enable_SMTPUTF8=True), "127.0.0.1", 0
    )
    handler.port = server.sockets[0].getsockname()[1]
    try:
        yield handler
    finally:
        server.close()
