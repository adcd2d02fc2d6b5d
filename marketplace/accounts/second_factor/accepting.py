"""Taking a code: that of the present time step, or a recovery code; neither is taken twice."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, delete, select

from marketplace.accounts.authentication import secret_hash
from marketplace.accounts.second_factor.codes import is_totp, matching_step, plain
from marketplace.accounts.second_factor.models import RecoveryCode, SecondFactor
from marketplace.kernel.crypto import Keyring, Sealed
from marketplace.kernel.db import now
from marketplace.kernel.events import publish


async def accept(session: AsyncSession, keyring: Keyring, user_id: UUID, code: str) -> bool:
    """Whether a code, or a recovery code, is good now. A good one is used up."""
    code = plain(code)
    if not is_totp(code):
        return await _use_recovery_code(session, user_id, code)
    factor = await lock_factor(session, user_id)
    return factor is not None and take_step(session, keyring, factor, code)


async def lock_factor(session: AsyncSession, user_id: UUID) -> SecondFactor | None:
    """A person's second factor, confirmed or not, held until the transaction ends."""
    query = select(SecondFactor).where(col(SecondFactor.user_id) == user_id).with_for_update()
    return (await session.execute(query)).scalar_one_or_none()


def seal_secret(keyring: Keyring, user_id: UUID, secret: str) -> Sealed:
    return keyring.seal(secret.encode(), context=_context(user_id))


def take_step(session: AsyncSession, keyring: Keyring, factor: SecondFactor, code: str) -> bool:
    """Compare, and let neither this code nor one of an earlier step be taken again."""
    sealed = Sealed(factor.key_id, factor.wrapped_key, factor.ciphertext)
    secret = keyring.open(sealed, context=_context(factor.user_id)).decode()
    step = matching_step(secret, code, now(session))
    if step is None or step <= factor.last_step:
        return False
    factor.last_step = step
    return True


async def _use_recovery_code(session: AsyncSession, user_id: UUID, code: str) -> bool:
    query = (
        delete(RecoveryCode)
        .where(
            col(RecoveryCode.user_id) == user_id, col(RecoveryCode.code_hash) == secret_hash(code)
        )
        .returning(col(RecoveryCode.id))
    )
    used = (await session.execute(query)).scalar_one_or_none() is not None
    if used:
        label = f"user:{user_id}"
        publish(session, "user.use_recovery_code", subject=label, actor=label, data={})
    return used


def _context(user_id: UUID) -> str:
    return f"second_factor:{user_id}"
