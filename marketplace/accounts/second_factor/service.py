"""The second factor: set up, given new recovery codes, and taken away."""

from dataclasses import asdict
from typing import Final
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, delete, func, select

from marketplace.accounts.authentication import secret_hash
from marketplace.accounts.callers import Caller
from marketplace.accounts.errors import EmailUnverifiedError, WrongSecondFactorError
from marketplace.accounts.letters import Letter, Letters
from marketplace.accounts.people.queries import get_user
from marketplace.accounts.proving import prove_again
from marketplace.accounts.second_factor.accepting import lock_factor, seal_secret, take_step
from marketplace.accounts.second_factor.codes import (
    new_recovery_codes,
    new_totp_secret,
    plain,
    totp_address,
)
from marketplace.accounts.second_factor.errors import (
    SecondFactorEnabledError,
    SecondFactorMissingError,
)
from marketplace.accounts.second_factor.models import RecoveryCode, SecondFactor
from marketplace.accounts.second_factor.schemas import SecondProof
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import apart, now
from marketplace.kernel.events import publish

ISSUER_NAME: Final = "Idea and Patent Marketplace"
"""How an authenticator calls us."""


async def begin(
    session: AsyncSession, user_id: UUID, password: SecretStr | None, *, caller: Caller
) -> tuple[str, str]:
    """Make a secret to be confirmed; an earlier one that never was is replaced.

    Returns:
        The secret and its `otpauth:` address, which are never shown again.

    Raises:
        EmailUnverifiedError: else whoever signs up with another's address could lock them out.
        SecondFactorEnabledError: there is one already.
        TooManyAttemptsError, WrongCredentialsError: it is not the person.
    """
    async with apart(session) as reading:
        user = await get_user(reading, user_id)
        if not user.email_verified:
            raise EmailUnverifiedError
        if (await status(reading, user_id))[0]:
            raise SecondFactorEnabledError
    await prove_again(session, user_id, password, None, caller=caller)
    secret = new_totp_secret()
    await _keep(session, user_id, caller.keyring, secret)
    return secret, totp_address(secret, user.email, ISSUER_NAME)


async def _keep(session: AsyncSession, user_id: UUID, keyring: Keyring, secret: str) -> None:
    """Write a secret that is not confirmed yet."""
    sealed = seal_secret(keyring, user_id, secret)
    factor = await lock_factor(session, user_id)
    if factor and factor.confirmed_at:
        raise SecondFactorEnabledError
    if factor:
        await session.delete(factor)
        await session.flush()
    session.add(SecondFactor(created_at=now(session), user_id=user_id, **asdict(sealed)))
    await session.flush()


async def confirm(
    session: AsyncSession, user_id: UUID, code: SecretStr, *, letters: Letters
) -> list[str]:
    """Take the secret into use, by a code that proves that the authenticator has it.

    Returns:
        The recovery codes, which are never shown again.

    Raises:
        SecondFactorMissingError: nothing was begun.
        SecondFactorEnabledError: it was confirmed before.
        WrongSecondFactorError: and nothing has changed.
    """
    factor = await lock_factor(session, user_id)
    if factor is None:
        raise SecondFactorMissingError
    if factor.confirmed_at:
        raise SecondFactorEnabledError
    if not take_step(session, letters.keyring, factor, plain(code.get_secret_value())):
        raise WrongSecondFactorError
    factor.confirmed_at = now(session)
    await _tell(session, user_id, letters, Letter.SECOND_FACTOR_ENABLED)
    return await _new_codes(session, user_id)


async def renew_codes(
    session: AsyncSession, user_id: UUID, request: SecondProof, *, letters: Letters, caller: Caller
) -> list[str]:
    """New recovery codes in place of all old ones.

    Raises:
        SecondFactorMissingError: there is nothing to recover.
        TooManyAttemptsError, WrongCredentialsError, WrongSecondFactorError: it is not the person.
    """
    await prove_again(session, user_id, request.password, request.code, caller=caller)
    await _require(session, user_id)
    await _tell(session, user_id, letters, Letter.RECOVERY_CODES_RENEWED)
    return await _new_codes(session, user_id)


async def disable(
    session: AsyncSession, user_id: UUID, request: SecondProof, *, letters: Letters, caller: Caller
) -> None:
    """Ask for the password alone from now on.

    Raises:
        SecondFactorMissingError: there is none.
        TooManyAttemptsError, WrongCredentialsError, WrongSecondFactorError: it is not the person.
    """
    await prove_again(session, user_id, request.password, request.code, caller=caller)
    await session.delete(await _require(session, user_id))
    await _forget_codes(session, user_id)
    await _tell(session, user_id, letters, Letter.SECOND_FACTOR_DISABLED)


async def status(session: AsyncSession, user_id: UUID) -> tuple[SecondFactor | None, int]:
    """The second factor that is in use, and how many recovery codes are left."""
    query = select(SecondFactor).where(
        col(SecondFactor.user_id) == user_id, col(SecondFactor.confirmed_at).is_not(None)
    )
    count = select(func.count()).where(col(RecoveryCode.user_id) == user_id)
    factor = (await session.execute(query)).scalar_one_or_none()
    return factor, (await session.execute(count)).scalar_one()


async def _require(session: AsyncSession, user_id: UUID) -> SecondFactor:
    factor = await lock_factor(session, user_id)
    if factor is None or factor.confirmed_at is None:
        raise SecondFactorMissingError
    return factor


async def _new_codes(session: AsyncSession, user_id: UUID) -> list[str]:
    await _forget_codes(session, user_id)
    codes = new_recovery_codes()
    session.add_all(
        RecoveryCode(created_at=now(session), user_id=user_id, code_hash=secret_hash(plain(code)))
        for code in codes
    )
    return codes


async def _forget_codes(session: AsyncSession, user_id: UUID) -> None:
    await session.execute(delete(RecoveryCode).where(col(RecoveryCode.user_id) == user_id))


async def _tell(session: AsyncSession, user_id: UUID, letters: Letters, letter: Letter) -> None:
    """Put it into the event log, and tell the person."""
    user, label = await get_user(session, user_id), f"user:{user_id}"
    await letters.send(session, user.email, letter)
    publish(session, f"user.{letter}", subject=label, actor=label, data={})
