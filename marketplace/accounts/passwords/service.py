"""New passwords: chosen by who has the old one, or by who has the mailbox."""

from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.attempts.service import Subjects, count_success
from marketplace.accounts.callers import Caller
from marketplace.accounts.emails.service import mark_verified
from marketplace.accounts.letters import Letter, Letters
from marketplace.accounts.mailed_tokens.errors import LinkInvalidError, MailedLatelyError
from marketplace.accounts.mailed_tokens.models import Purpose
from marketplace.accounts.mailed_tokens.service import holder_of, new_token, take, withdraw
from marketplace.accounts.models import User
from marketplace.accounts.oauth.service import end_grants
from marketplace.accounts.passwords.hashing import hash_password
from marketplace.accounts.passwords.models import PasswordResetRequest
from marketplace.accounts.passwords.refusing import refuse_guessable
from marketplace.accounts.passwords.schemas import PasswordChange, Reset
from marketplace.accounts.people.queries import get_user, user_by_email
from marketplace.accounts.proving import prove_again
from marketplace.accounts.revocations import revoke
from marketplace.accounts.sessions.service import sign_out_everywhere
from marketplace.kernel.db import Sessions, apart, lock, now
from marketplace.kernel.events import publish

BATCH: Final = 50

_NEXT: Final = text(
    """
    DELETE FROM password_reset_request WHERE email = (
        SELECT email FROM password_reset_request ORDER BY requested_at LIMIT 1
        FOR UPDATE SKIP LOCKED)
    RETURNING email
    """
)


async def change(
    session: AsyncSession,
    user_id: UUID,
    request: PasswordChange,
    *,
    but: str,
    letters: Letters,
    caller: Caller,
) -> None:
    """Replace a password by who knows it; every session ends but that of the token `but`.

    Raises:
        TooManyAttemptsError, WrongCredentialsError, SecondFactorNeededError,
        WrongSecondFactorError: it is not the person; nothing has changed.
        PasswordBreachedError: the new one is guessed early.
    """
    code = request.code
    await prove_again(session, user_id, request.current_password, code, caller=caller)
    async with apart(session) as reading:
        user = await get_user(reading, user_id)
    password_hash = await _hashed(user, request.password.get_secret_value())
    await _replace(session, user_id, password_hash, letters, "change_password")
    await sign_out_everywhere(session, user_id, but=but)


async def request_reset(session: AsyncSession, email: str) -> None:
    """Note that somebody wants a new password for an address, known or not."""
    request = insert(PasswordResetRequest).values(email=email, requested_at=now(session))
    await session.execute(request.on_conflict_do_nothing())


async def mail_resets(sessions: Sessions, letters: Letters) -> int:
    """Mail links to those who asked and have an account; returns how many asked."""
    for count in range(BATCH):
        async with sessions.begin() as session:
            row = (await session.execute(_NEXT)).first()
            if row is None:
                return count
            await _mail_reset(session, row.email, letters)
    return BATCH


async def _mail_reset(session: AsyncSession, email: str, letters: Letters) -> None:
    user = await user_by_email(session, email)
    if user is None:
        return
    try:
        token = await new_token(session, user.id, Purpose.RESET_PASSWORD, email)
    except MailedLatelyError:
        return  # the one that was mailed goes on working
    await letters.send(session, email, Letter.RESET_PASSWORD, token)


async def reset(session: AsyncSession, request: Reset, *, letters: Letters, caller: Caller) -> None:
    """Replace a password by who has the mailbox; everybody is signed out.

    The address is thereby confirmed, and failures to sign in are forgotten. A second factor stays.

    Raises:
        LinkInvalidError: the secret is unknown, used, replaced or expired.
        PasswordBreachedError: the new one is guessed early; the link goes on working.
    """
    token = request.token.get_secret_value()
    async with apart(session) as reading:
        user = await get_user(reading, await holder_of(reading, token, Purpose.RESET_PASSWORD))
    password_hash = await _hashed(user, request.password.get_secret_value())
    user_id, _, email = await take(session, token, Purpose.RESET_PASSWORD)
    user = await _replace(session, user_id, password_hash, letters, "reset_password")
    if user.email != email:
        raise LinkInvalidError
    await mark_verified(session, user)
    await sign_out_everywhere(session, user_id)
    await count_success(session, Subjects.of(caller, email))


async def _hashed(user: User, password: str) -> str:
    refuse_guessable(password, user.email, user.display_name)
    return await hash_password(password)


async def _replace(
    session: AsyncSession, user_id: UUID, password_hash: str, letters: Letters, name: str
) -> User:
    """Write a new password; what was mailed or allowed before, to whomever, ends with the old."""
    user = await lock(session, User, user_id)
    user.password_hash = password_hash
    await withdraw(session, user_id)
    await end_grants(session, user_id)
    await revoke(session, f"user:{user_id}")
    await letters.send(session, user.email, Letter.PASSWORD_CHANGED)
    label = f"user:{user_id}"
    publish(session, f"user.{name}", subject=label, actor=label, data={})
    return user
