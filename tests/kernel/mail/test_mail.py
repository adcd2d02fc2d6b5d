"""A message is sent after the commit, at least once, and is readable nowhere but at its end."""

import asyncio
import io
import stat
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import Sessions
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.mail.models import Mail
from marketplace.kernel.mail.sending import ATTEMPTS_MAX, LEASE, PAUSE_MAX, Mailer, pause_after
from marketplace.kernel.mail.service import (
    KEPT,
    Message,
    forget_old,
    is_address,
    send_again,
    send_later,
    unsent,
)
from marketplace.kernel.mail.transport import FolderTransport, SmtpTransport
from tests.factories.mail import MailServer, mail_server
from tests.factories.world import World

KEYRING = Keyring({"k1": bytes(32)}, "k1")
TO, SECRET = "han@example.com", "https://example.com/reset#tokenXYZ"
MESSAGE = Message(TO, "비밀번호 · new password", f"Open this:\n{SECRET}\n한글 본문\n")
SENDER = "시장 <no-reply@market.example>"


@dataclass
class Dying:
    """A way out behind which the worker dies, before it can record that it sent."""

    inner: SmtpTransport

    async def deliver(self, message: EmailMessage) -> None:
        await self.inner.deliver(message)
        raise KeyboardInterrupt


@pytest.fixture
async def post_office() -> AsyncIterator[MailServer]:
    async with mail_server() as post_office:
        yield post_office


@pytest.fixture
def transport(post_office: MailServer) -> SmtpTransport:
    return SmtpTransport("127.0.0.1", post_office.port, "none", timeout_seconds=5)


@pytest.fixture
def mailer(sessions: Sessions, transport: SmtpTransport) -> Mailer:
    return Mailer(sessions, KEYRING, transport, SENDER)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    lines, before = io.StringIO(), structlog.get_config()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(lines))
    yield lines
    structlog.configure(**before)


async def write(sessions: Sessions, message: Message = MESSAGE) -> None:
    async with sessions.begin() as session:
        await send_later(session, KEYRING, message)


async def waiting(sessions: Sessions) -> list[Mail]:
    async with sessions() as session:
        return await unsent(session, 100)


async def test_a_message_arrives_as_it_was_written_and_leaves_nothing_behind(
    sessions: Sessions, connection: AsyncConnection, mailer: Mailer, post_office: MailServer
) -> None:
    await write(sessions)
    stored = str((await connection.execute(text("SELECT m::text FROM mail m"))).all())
    for word in (TO, "han", SECRET, "tokenXYZ", "password"):
        assert word not in stored
        assert word.encode().hex() not in stored

    assert await mailer.send_due() == 1

    ((recipients, message),) = post_office.taken
    assert recipients == [TO]
    assert (message["to"], message["from"], message["subject"]) == (TO, SENDER, MESSAGE.subject)
    assert message["auto-submitted"] == "auto-generated"
    assert message["message-id"].endswith("@market.example>")
    assert message.get_content().replace("\r\n", "\n") == MESSAGE.text
    assert await waiting(sessions) == []
    assert await mailer.send_due() == 0


async def test_what_is_rolled_back_is_not_sent(sessions: Sessions, mailer: Mailer) -> None:
    async with sessions() as session:
        await send_later(session, KEYRING, MESSAGE)
        await session.rollback()
    assert await mailer.send_due() == 0


async def test_a_worker_that_dies_before_recording_leaves_it_to_the_next_under_one_id(
    sessions: Sessions, mailer: Mailer, post_office: MailServer, clock: ShiftedClock
) -> None:
    await write(sessions)
    with pytest.raises(KeyboardInterrupt):
        await replace(mailer, transport=Dying(mailer.transport)).send_due()

    assert await mailer.send_due() == 0
    clock.offset = LEASE
    assert await mailer.send_due() == 1

    ids = [message["message-id"] for _, message in post_office.taken]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert await waiting(sessions) == []


async def test_a_message_that_kills_each_worker_is_set_aside(
    sessions: Sessions, mailer: Mailer, post_office: MailServer, clock: ShiftedClock
) -> None:
    await write(sessions)
    for _ in range(ATTEMPTS_MAX):
        with pytest.raises(KeyboardInterrupt):
            await replace(mailer, transport=Dying(mailer.transport)).send_due()
        clock.offset += LEASE
    assert await mailer.send_due() == 1
    (mail,) = await waiting(sessions)
    assert (mail.due_at, mail.error) == (None, "its worker died each time")
    assert len(post_office.taken) == ATTEMPTS_MAX


@pytest.mark.parametrize(
    ("answer", "error"), [("550 no such mailbox han@", "SMTP 550"), ("554 spam", "SMTP 554")]
)
async def test_what_the_server_refuses_for_good_waits_for_an_operator(
    sessions: Sessions,
    mailer: Mailer,
    post_office: MailServer,
    clock: ShiftedClock,
    log: io.StringIO,
    answer: str,
    error: str,
) -> None:
    await write(sessions)
    if error == "SMTP 550":
        post_office.refuse_recipient = answer
    else:
        post_office.refuse_data = answer
    assert await mailer.send_due() == 1
    (mail,) = await waiting(sessions)
    assert (mail.due_at, mail.attempts, mail.error) == (None, 1, error)
    assert "set aside" in log.getvalue()
    assert "han" not in log.getvalue()
    clock.offset = timedelta(days=1)
    assert await mailer.send_due() == 0

    post_office.refuse_recipient = post_office.refuse_data = ""
    async with sessions.begin() as session:
        await send_again(session, mail.id)
    async with sessions.begin() as session:
        with pytest.raises(NotFoundError):
            await send_again(session, mail.id)
    assert await mailer.send_due() == 1
    assert len(post_office.taken) == 1


async def test_a_dead_server_is_asked_less_and_less_often_and_then_no_more(
    sessions: Sessions, mailer: Mailer, clock: ShiftedClock, log: io.StringIO
) -> None:
    async with mail_server() as gone:
        dead = SmtpTransport("127.0.0.1", gone.port, "none", timeout_seconds=5)
    mailer = replace(mailer, transport=dead)
    await write(sessions)
    for attempt in range(1, ATTEMPTS_MAX):
        assert await mailer.send_due() == 1
        pause = pause_after(attempt)
        assert pause is not None
        assert await mailer.send_due() == 0
        clock.offset += pause
    assert await mailer.send_due() == 1

    (mail,) = await waiting(sessions)
    assert (mail.due_at, mail.attempts) == (None, ATTEMPTS_MAX)
    assert mail.error == "SMTPConnectError"
    assert clock.offset > timedelta(hours=4)
    assert TO not in log.getvalue()
    async with sessions.begin() as session:
        await forget_old(session)
    assert len(await waiting(sessions)) == 1
    clock.offset += KEPT
    async with sessions.begin() as session:
        await forget_old(session)
    assert await waiting(sessions) == []


def test_pauses_grow_to_a_bound() -> None:
    pauses = [pause_after(attempt) for attempt in range(1, ATTEMPTS_MAX)]
    assert pauses == sorted(pauses)  # type: ignore[type-var]
    assert (pauses[0], pauses[-1]) == (timedelta(seconds=15), PAUSE_MAX)
    assert pause_after(ATTEMPTS_MAX) is None


async def test_a_temporary_refusal_passes(
    sessions: Sessions, mailer: Mailer, post_office: MailServer, clock: ShiftedClock
) -> None:
    await write(sessions)
    post_office.refuse_recipient = "451 greylisted"
    await mailer.send_due()
    (mail,) = await waiting(sessions)
    assert mail.error == "SMTPRecipientsRefused"
    assert mail.due_at is not None
    post_office.refuse_recipient, clock.offset = "", timedelta(seconds=16)
    assert await mailer.send_due() == 1
    assert await waiting(sessions) == []


async def test_a_server_without_encryption_gets_neither_password_nor_message(
    sessions: Sessions, mailer: Mailer, transport: SmtpTransport, post_office: MailServer
) -> None:
    safe = replace(transport, security="starttls", username="market", password="hidden one")
    await write(sessions)
    assert await replace(mailer, transport=safe).send_due() == 1
    assert post_office.taken == []
    (mail,) = await waiting(sessions)
    assert mail.error == "SMTPException"
    assert "hidden one" not in repr(safe)


async def test_a_message_with_the_wrong_key_holds_up_no_other(
    sessions: Sessions, mailer: Mailer, post_office: MailServer
) -> None:
    other = Keyring({"k1": bytes(31) + b"x"}, "k1")
    async with sessions.begin() as session:
        await send_later(session, other, MESSAGE)
    await write(sessions)
    assert await mailer.send_due() == 2
    assert len(post_office.taken) == 1
    (mail,) = await waiting(sessions)
    assert mail.error == "DecryptionError"


async def test_without_a_server_a_message_becomes_a_file_of_its_owner(
    sessions: Sessions, mailer: Mailer, tmp_path: Path, log: io.StringIO
) -> None:
    folder = tmp_path / "outbox"
    mailer = replace(mailer, transport=FolderTransport(folder))
    await write(sessions)
    assert await mailer.send_due() == 1

    (path,) = folder.iterdir()
    assert path.suffix == ".eml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert (message["to"], message["subject"]) == (TO, MESSAGE.subject)
    assert SECRET.encode() in path.read_bytes()
    assert str(path) in log.getvalue()
    assert TO not in log.getvalue()
    assert SECRET not in log.getvalue()


@pytest.mark.parametrize(
    "to",
    [
        "a@example.com\r\nBcc: all@example.com",
        "a@example.com, b@example.com",
        "a,b@example.com",
        "A <a@example.com>",
        "a(comment)@example.com",
        '"a b"@example.com',
        "a@example.com\n",
        "a..b@example.com",
        "nobody",
        "@",
        "",
    ],
)
def test_a_recipient_is_one_plain_address(to: str) -> None:
    assert not is_address(to)
    with pytest.raises(ValueError, match="one plain e-mail address") as refused:
        Message(to, "x", "x")
    assert not to or to not in str(refused.value)


@pytest.mark.parametrize("subject", ["x\r\nBcc: all@example.com", "x\ny", "x\x00", "x\u2028y"])
def test_a_subject_is_one_line(subject: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        Message(TO, subject, "x")


def test_a_message_shows_nothing_of_itself() -> None:
    assert repr(MESSAGE) == f"<Message of {len(MESSAGE.text)} characters>"


async def test_two_workers_share_the_queue_and_send_each_message_once(
    world: World, transport: SmtpTransport, post_office: MailServer
) -> None:
    for number in range(20):
        await write(world.sessions, replace(MESSAGE, subject=str(number)))
    mailers = [Mailer(world.sessions, KEYRING, transport, SENDER) for _ in range(2)]

    sent = await asyncio.gather(*(mailer.send_due() for mailer in mailers))

    assert sum(sent) == 20
    assert sorted(int(message["subject"]) for _, message in post_office.taken) == list(range(20))
