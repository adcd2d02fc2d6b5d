from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.kernel.db import now
from marketplace.kernel.errors import ConflictError, UnprocessableError
from marketplace.kernel.events import publish
from marketplace.payments.fees.models import FeePolicy
from marketplace.payments.fees.schemas import FeePolicyCreate


class FeePolicyOverlapError(ConflictError):
    code = "fee_policy_overlap"
    title = "Another policy is in force in a part of this period"


class FeePolicyInPastError(UnprocessableError):
    code = "fee_policy_in_past"
    title = "A policy begins now or later: the past is settled"


class NoFeePolicyError(ConflictError):
    code = "no_fee_policy"
    title = "No fee policy is in force; the operator has to set one before deals are agreed"


CONSTRAINT_ERRORS = {"fee_policy_no_overlap": FeePolicyOverlapError}


async def policy_at(session: AsyncSession, moment: datetime) -> FeePolicy:
    """The policy in force at a moment; periods are half-open.

    Raises:
        NoFeePolicyError: there is none.
    """
    query = select(FeePolicy).where(
        col(FeePolicy.valid_from) <= moment,
        or_(col(FeePolicy.valid_until).is_(None), col(FeePolicy.valid_until) > moment),
    )
    policy = (await session.execute(query)).scalar_one_or_none()
    if policy is None:
        raise NoFeePolicyError
    return policy


async def set_policy(session: AsyncSession, request: FeePolicyCreate, *, actor: Actor) -> FeePolicy:
    """Begin a new policy and end the open one at that moment. Agreed deals keep theirs."""
    valid_from = request.valid_from or now(session)
    if valid_from < now(session):
        raise FeePolicyInPastError
    query = select(FeePolicy).where(col(FeePolicy.valid_until).is_(None)).with_for_update()
    current = (await session.execute(query)).scalar_one_or_none()
    if current is not None and current.valid_from < valid_from:
        current.valid_until = valid_from
        await session.flush()
    policy = FeePolicy(
        created_at=now(session),
        commission_basis_points=request.commission_basis_points,
        vat_country=request.vat_country,
        valid_from=valid_from,
        reason=request.reason,
    )
    session.add(policy)
    before = current.commission_basis_points if current else None
    data = {
        "from": before,
        "to": policy.commission_basis_points,
        "vat_country": policy.vat_country,
        "valid_from": valid_from,
    }
    subject = f"fee_policy:{policy.id}"
    publish(session, "fee_policy.set", subject=subject, actor=actor.label, data=data)
    await session.flush()
    return policy


async def policies(session: AsyncSession) -> Sequence[FeePolicy]:
    query = select(FeePolicy).order_by(col(FeePolicy.valid_from).desc()).limit(100)
    return (await session.execute(query)).scalars().all()
