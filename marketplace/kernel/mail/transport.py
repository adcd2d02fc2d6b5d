"""How a message leaves: by SMTP, or into a folder where no server is configured."""

import asyncio
import os
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Final, Literal, Protocol

import aiosmtplib

from marketplace.kernel.logs import get_logger

logger = get_logger(__name__)

Security = Literal["starttls", "tls", "none"]
SMTP_PERMANENT: Final = 500
"""From here on a server's answer means: do not try this again (RFC 5321, 4.2.1)."""


class RefusedForGoodError(Exception):
    """The message itself was refused, so that sending it again is of no use."""


class Transport(Protocol):
    async def deliver(self, message: EmailMessage) -> None:
        """Hand a message on.

        Raises:
            RefusedForGoodError: it will never be taken; any other error may pass.
        """
        ...


@dataclass(frozen=True, slots=True)
class SmtpTransport:
    """A mail server, asked anew for each message; `password` is never shown."""

    host: str
    port: int
    security: Security
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_seconds: float = 20

    async def deliver(self, message: EmailMessage) -> None:
        try:
            await aiosmtplib.send(
                message,
                hostname=self.host,
                port=self.port,
                username=self.username,
                password=self.password,
                use_tls=self.security == "tls",
                start_tls=self.security == "starttls",
                timeout=self.timeout_seconds,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            _raise_if_permanent(*(one.code for one in error.recipients))
            raise
        except aiosmtplib.SMTPDataError as error:
            _raise_if_permanent(error.code)
            raise


def _raise_if_permanent(*codes: int) -> None:
    if min(codes, default=0) >= SMTP_PERMANENT:
        raise RefusedForGoodError(f"SMTP {codes[0]}") from None


@dataclass(frozen=True, slots=True)
class FolderTransport:
    """An outbox on this machine: one `.eml` file a message, which only its owner may read."""

    folder: Path

    async def deliver(self, message: EmailMessage) -> None:
        name, _, _ = message["Message-ID"].strip("<>").partition("@")
        path = self.folder / f"{name}.eml"
        await asyncio.to_thread(_write, path, message.as_bytes(policy=policy.default))
        logger.info("mail written to a file, as no SMTP server is configured", path=str(path))


def _write(path: Path, content: bytes) -> None:
    """Write a file whole: under its name there is either nothing or all of it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def domain_of(sender: str) -> str:
    """The domain of a sender like `Marketplace <no-reply@example.com>`."""
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"
