"""The one place where a person proves who they are: password, second factor, and the lock-out.

It runs in short transactions of its own beside that of the request: while a password is hashed no
connection is held, and a failure stays counted though its request is refused
(docs/decisions/0015).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from prometheus_client import Counter
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.attempts.service import (
    Subjects,
    count_failure,
    count_success,
    refuse_too_many,
)
from marketplace.accounts.authentication import secret_hash
from marketplace.accounts.callers import Caller
from marketplace.accounts.errors import (
    FreshLoginNeededError,
    SecondFactorNeededError,
    WrongCredentialsError,
    WrongSecondFactorError,
)
from marketplace.accounts.passwords.hashing import turn, verify_password
from marketplace.accounts.people.queries import get_user
from marketplace.accounts.second_factor.accepting import accept
from marketplace.kernel.db import apart, now

FAILURES: Final = Counter("marketplace_sign_in_failures", "Refused proofs of identity", ["what"])

FRESH: Final = timedelta(minutes=10)
"""So long does a login by an identity provider stand in for a password."""

_FIND: Final = text(
    """
    SELECT u.id, u.password_hash, EXISTS (
        SELECT FROM second_factor f WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL
    ) AS has_second_factor
    FROM user_account u WHERE u.email = :email
    """
)
_IS_FRESH: Final = text(
    """
    SELECT 1 FROM login_session WHERE token_hash = :token_hash AND user_id = :user_id
        AND revoked_at IS NULL AND proved_at > :since
    """
)


@dataclass(frozen=True, slots=True)
class Proof:
    """What a person shows to prove who they are."""

    email: str
    password: SecretStr
    code: SecretStr | None = None


async def prove(session: AsyncSession, proof: Proof, *, caller: Caller) -> UUID:
    """Check a proof, and return whose it is. `session` should not have begun to work yet.

    Attempts are made one after the other as their turns to hash come, and each is refused or let
    through by what those before it counted: guessing many at once gains nothing.

    Raises:
        TooManyAttemptsError: known and unknown e-mails alike; nothing was checked.
        WrongCredentialsError: unknown e-mail and wrong password alike, after the same work.
        SecondFactorNeededError: the password is right, and the code is missing.
        WrongSecondFactorError: wrong, old, or used before; counted like a wrong password.
    """
    subjects = Subjects.of(caller, proof.email)
    async with turn():
        found = await _read(session, proof.email, subjects)
        known = found.password_hash if found else None
        right = await verify_password(proof.password.get_secret_value(), known)
        if not right or found is None:
            await _count_failure(session, subjects)
            raise WrongCredentialsError
        if found.has_second_factor and proof.code is None:
            raise SecondFactorNeededError
        if not await _settle(session, proof, found, subjects, caller):
            FAILURES.labels("second factor").inc()
            raise WrongSecondFactorError
        user_id: UUID = found.id
        return user_id


async def prove_again(
    session: AsyncSession,
    user_id: UUID,
    password: SecretStr | None,
    code: SecretStr | None,
    *,
    caller: Caller,
) -> None:
    """Make sure that it is still the person who signed in, before something grave.

    Without a password, their identity provider has to have made sure of them a moment ago.

    Raises:
        FreshLoginNeededError: neither a password nor a fresh login.
        TooManyAttemptsError, WrongCredentialsError, SecondFactorNeededError,
        WrongSecondFactorError: as `prove` does.
    """
    async with apart(session) as reading:
        email = (await get_user(reading, user_id)).email
    if password is not None:
        await prove(session, Proof(email, password, code), caller=caller)
        return
    await _require_fresh_login(session, user_id, caller)
    await prove_code(session, email, code, caller=caller)


async def prove_code(
    session: AsyncSession, email: str, code: SecretStr | None, *, caller: Caller
) -> None:
    """Check the second factor of somebody whom their identity provider vouches for, if any.

    Raises:
        TooManyAttemptsError, SecondFactorNeededError, WrongSecondFactorError: as `prove` does.
    """
    subjects = Subjects.of(caller, email)
    async with turn():  # as for a password: of many at once, each is judged by those before it
        found = await _read(session, email, subjects)
        if found is None or not found.has_second_factor:
            return
        if code is None:
            raise SecondFactorNeededError
        shown = Proof(email, SecretStr(""), code)
        if not await _settle(session, shown, found, subjects, caller):
            FAILURES.labels("second factor").inc()
            raise WrongSecondFactorError


async def _require_fresh_login(session: AsyncSession, user_id: UUID, caller: Caller) -> None:
    token_hash = secret_hash(caller.credential)
    async with apart(session) as reading:
        since = now(reading) - FRESH
        values = {"token_hash": token_hash, "user_id": user_id, "since": since}
        if (await reading.execute(_IS_FRESH, values)).first() is None:
            raise FreshLoginNeededError


async def _read(session: AsyncSession, email: str, subjects: Subjects) -> Row[Any] | None:
    async with apart(session) as reading:
        await refuse_too_many(reading, subjects)
        return (await reading.execute(_FIND, {"email": email})).first()


async def _count_failure(session: AsyncSession, subjects: Subjects) -> None:
    FAILURES.labels("password").inc()
    async with apart(session) as counting:
        await count_failure(counting, subjects)


async def _settle(
    session: AsyncSession, proof: Proof, found: Row[Any], subjects: Subjects, caller: Caller
) -> bool:
    """Use the code up, and count: a success forgets the failures before it."""
    async with apart(session) as settling:
        passed = True
        if found.has_second_factor:
            code = proof.code.get_secret_value() if proof.code else ""
            passed = await accept(settling, caller.keyring, found.id, code)
        await (count_success if passed else count_failure)(settling, subjects)
        return passed
