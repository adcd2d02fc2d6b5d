"""How valuations are assigned: one policy for each purpose at a time."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.kernel.db import now
from marketplace.kernel.events import publish
from marketplace.valuation.policies.errors import (
    AssignmentPolicyInPastError,
    NoAssignmentPolicyError,
)
from marketplace.valuation.policies.models import AssignmentPolicy
from marketplace.valuation.policies.schemas import PolicySet
from marketplace.valuation.purposes import Purpose


async def policy_at(session: AsyncSession, purpose: Purpose, at: datetime) -> AssignmentPolicy:
    """The policy of a purpose that is in force at a moment.

    Raises:
        NoAssignmentPolicyError: there is none.
    """
    model = AssignmentPolicy
    query = select(model).where(
        col(model.purpose) == purpose,
        col(model.valid_from) <= at,
        or_(col(model.valid_until).is_(None), col(model.valid_until) > at),
    )
    policy = (await session.execute(query)).scalar_one_or_none()
    if policy is None:
        raise NoAssignmentPolicyError(f"none for {purpose}")
    return policy


async def set_policy(
    session: AsyncSession, request: PolicySet, *, actor: Actor
) -> AssignmentPolicy:
    """Begin a new policy for a purpose and end the open one. Orders placed before keep theirs.

    Raises:
        AssignmentPolicyInPastError: it would begin before now.
        AssignmentPolicyOverlapError: by the database.
    """
    valid_from = request.valid_from or now(session)
    if valid_from < now(session):
        raise AssignmentPolicyInPastError
    query = select(AssignmentPolicy).where(
        col(AssignmentPolicy.purpose) == request.purpose,
        col(AssignmentPolicy.valid_until).is_(None),
    )
    current = (await session.execute(query.with_for_update())).scalar_one_or_none()
    if current is not None and current.valid_from < valid_from:
        current.valid_until = valid_from
        await session.flush()
    terms = request.model_dump(exclude={"valid_from"})
    policy = AssignmentPolicy(created_at=now(session), valid_from=valid_from, **terms)
    session.add(policy)
    subject = f"assignment_policy:{policy.id}"
    data = terms | {"valid_from": valid_from, "before": current.id if current else None}
    publish(session, "assignment_policy.set", subject=subject, actor=actor.label, data=data)
    await session.flush()
    return policy


async def policies(session: AsyncSession) -> Sequence[AssignmentPolicy]:
    model = AssignmentPolicy
    query = select(model).order_by(col(model.purpose), col(model.valid_from).desc()).limit(500)
    return (await session.execute(query)).scalars().all()
