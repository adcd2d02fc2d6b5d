"""The one place where a person proves who they are: password, second factor, and the lock-out.

It runs in short transactions of its own beside that of the request: while a password is hashed no
connection is held, and a failure stays counted though its request is refused
(docs/decisions/0015).
"""

from dataclasses import dataclass
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
from marketplace.accounts.callers import Caller
from marketplace.accounts.errors import (
    SecondFactorNeededError,
    WrongCredentialsError,
    WrongSecondFactorError,
)
from marketplace.accounts.passwords.hashing import turn, verify_password
from marketplace.accounts.people.queries import get_user
from marketplace.accounts.second_factor.accepting import accept
from marketplace.kernel.db import apart

FAILURES: Final = Counter("marketplace_sign_in_failures", "Refused proofs of identity", ["what"])

_FIND: Final = text(
    """
    SELECT u.id, u.password_hash, EXISTS (
        SELECT FROM second_factor f WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL
    ) AS has_second_factor
    FROM user_account u WHERE u.email = :email
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
    password: SecretStr,
    code: SecretStr | None,
    *,
    caller: Caller,
) -> None:
    """Make sure that it is still the person who signed in, before something grave.

    Raises:
        TooManyAttemptsError, WrongCredentialsError, SecondFactorNeededError,
        WrongSecondFactorError: as `prove` does.
    """
    async with apart(session) as reading:
        email = (await get_user(reading, user_id)).email
    await prove(session, Proof(email, password, code), caller=caller)


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
