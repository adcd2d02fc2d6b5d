"""Rights whose annuity falls due soon and was not paid, and whom that concerns."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.models import MemberRole, Membership, User
from marketplace.assets.encumbrances.kinds import EncumbranceKind
from marketplace.assets.encumbrances.lifecycle import EncumbranceState
from marketplace.assets.encumbrances.models import Encumbrance
from marketplace.assets.models import LegalStatus, Right
from marketplace.assets.title.models import Ownership
from marketplace.kernel.pagination import page_by_id

DEPENDENT: Final = (
    EncumbranceKind.PLEDGE,
    EncumbranceKind.REGISTERED_EXCLUSIVE,
    EncumbranceKind.EXCLUSIVE,
)
"""Whoever holds these loses with the right, and may pay its fee against the owner's will
(KR Patent Act 80)."""

RECIPIENTS_MAX: Final = 100


def due_by(day: date) -> ColumnElement[bool]:
    """Rights in force that are paid for until that day at most, and could live on after it."""
    return and_(
        col(Right.legal_status) == LegalStatus.IN_FORCE,
        col(Right.fees_paid_until) <= day,
        or_(col(Right.last_day).is_(None), col(Right.fees_paid_until) < col(Right.last_day)),
    )


def _standing_encumbrance() -> ColumnElement[bool]:
    live = (EncumbranceState.ACTIVE, EncumbranceState.PENDING_REGISTRATION)
    return and_(
        col(Encumbrance.right_id) == col(Right.id),
        col(Encumbrance.kind).in_(DEPENDENT),
        col(Encumbrance.state).in_(live),
    )


def _owned() -> ColumnElement[bool]:
    return and_(col(Ownership.right_id) == col(Right.id), col(Ownership.owned_until).is_(None))


async def alerts_of(
    session: AsyncSession,
    organisation_id: UUID,
    *,
    on: date,
    within_days: int,
    cursor: str | None,
    limit: int,
) -> tuple[Sequence[Right], str | None]:
    """A page of what falls due within some days of what an organisation owns or depends on.

    Raises:
        InvalidCursorError: not a cursor of this list.
    """
    owns = exists().where(_owned(), col(Ownership.organisation_id) == organisation_id)
    depends = exists().where(
        _standing_encumbrance(), col(Encumbrance.holder_organisation_id) == organisation_id
    )
    soon = due_by(on + timedelta(days=within_days))
    query = select(Right).where(soon, or_(owns, depends))
    return await page_by_id(session, query, Right, cursor=cursor, limit=limit)


async def addresses_of(session: AsyncSession, right_id: UUID) -> Sequence[str]:
    """Confirmed addresses of who runs the organisations that a right's fee concerns."""
    owns = exists().where(_owned(), col(Ownership.organisation_id) == Membership.organisation_id)
    depends = exists().where(
        _standing_encumbrance(),
        col(Encumbrance.holder_organisation_id) == Membership.organisation_id,
    )
    query = (
        select(User.email)
        .distinct()
        .join(Membership, col(Membership.user_id) == col(User.id))
        .join(Right, col(Right.id) == right_id)
        .where(col(Membership.role) == MemberRole.OWNER, or_(owns, depends))
        .where(col(User.email_verified_at).is_not(None))
        .order_by(User.email)
        .limit(RECIPIENTS_MAX)
    )
    return (await session.execute(query)).scalars().all()
