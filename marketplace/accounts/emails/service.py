"""Proof that an e-mail address is its person's: at sign-up, and before another takes its place."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.callers import Caller
from marketplace.accounts.emails.errors import EmailVerifiedError
from marketplace.accounts.emails.schemas import EmailChange
from marketplace.accounts.letters import Letter, Letters
from marketplace.accounts.mailed_tokens.errors import LinkInvalidError
from marketplace.accounts.mailed_tokens.models import Purpose
from marketplace.accounts.mailed_tokens.service import new_token, take
from marketplace.accounts.models import User
from marketplace.accounts.people.queries import get_user
from marketplace.accounts.proving import prove_again
from marketplace.accounts.revocations import revoke
from marketplace.kernel.db import lock, now
from marketplace.kernel.events import publish


async def mail_link(session: AsyncSession, user: User, *, letters: Letters) -> None:
    """Mail a person the link that confirms their address.

    Raises:
        EmailVerifiedError: there is nothing to confirm.
        MailedLatelyError: with Retry-After; the link mailed then goes on working.
    """
    if user.email_verified:
        raise EmailVerifiedError
    token = await new_token(session, user.id, Purpose.VERIFY_EMAIL, user.email)
    await letters.send(session, user.email, Letter.VERIFY_EMAIL, token)


async def change(
    session: AsyncSession, user_id: UUID, request: EmailChange, *, letters: Letters, caller: Caller
) -> None:
    """Mail a link to the new address, and word to the old one. Until it is opened nothing changes.

    Whether the new address has an account is not told here, but to whoever opens the link.

    Raises:
        TooManyAttemptsError, WrongCredentialsError, SecondFactorNeededError,
        WrongSecondFactorError: it is not the person; nothing is mailed.
        MailedLatelyError: with Retry-After.
    """
    await prove_again(session, user_id, request.password, request.code, caller=caller)
    user = await get_user(session, user_id)
    token = await new_token(session, user_id, Purpose.CHANGE_EMAIL, request.email)
    await letters.send(session, request.email, Letter.CHANGE_EMAIL, token)
    await letters.send(session, user.email, Letter.EMAIL_CHANGING)
    _tell(session, user_id, "ask_to_change_email")


async def confirm(session: AsyncSession, token: str, *, letters: Letters) -> None:
    """Take a secret from a mailbox as proof that the address is its person's.

    Raises:
        LinkInvalidError: unknown, used, replaced or expired.
        EmailTakenError: by the database: a new address that has an account of its own.
    """
    user_id, purpose, email = await take(session, token, Purpose.VERIFY_EMAIL, Purpose.CHANGE_EMAIL)
    user = await lock(session, User, user_id)
    if purpose is Purpose.CHANGE_EMAIL:
        await letters.send(session, user.email, Letter.EMAIL_CHANGED)
        user.email = email
        _tell(session, user_id, "change_email")
    elif user.email != email:
        raise LinkInvalidError
    await mark_verified(session, user)
    await session.flush()


async def mark_verified(session: AsyncSession, user: User) -> None:
    """Note that the person has the mailbox; what remembers them as unverified asks again."""
    if not user.email_verified:
        _tell(session, user.id, "verify_email")
        await revoke(session, f"user:{user.id}")
    user.email_verified_at = now(session)


def _tell(session: AsyncSession, user_id: UUID, name: str) -> None:
    label = f"user:{user_id}"
    publish(session, f"user.{name}", subject=label, actor=label, data={})
