"""What threatens rights, and whom that concerns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, String, and_, case, cast, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.models import Membership, User
from marketplace.accounts.permissions import MemberRole
from marketplace.assets.alerts.models import AlertReason, RightAlert
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
    EncumbranceKind.SOLE,
)
"""Whoever holds these loses with the right, and may pay its fee against the owner's will
(KR Patent Act 80)."""

RECIPIENTS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert beside the right as it is now, and whether it still threatens that."""

    told: RightAlert
    right: Right
    is_open: bool


def _stakes() -> CompoundSelect[Any]:
    """Who loses by the end of which right: its owners, and who depends on it."""
    live = (EncumbranceState.ACTIVE, EncumbranceState.PENDING_REGISTRATION)
    owners = select(Ownership.right_id, Ownership.organisation_id).where(
        col(Ownership.owned_until).is_(None)
    )
    dependents = select(Encumbrance.right_id, Encumbrance.holder_organisation_id).where(
        col(Encumbrance.kind).in_(DEPENDENT), col(Encumbrance.state).in_(live)
    )
    return union_all(owners, dependents)


def _still_open() -> ColumnElement[bool]:
    """Whether it still threatens; of a fee, only a recorded payment ends it (DOMAIN G53)."""
    since = col(RightAlert.since)
    return case(
        {
            AlertReason.FEE_DUE: and_(
                col(Right.legal_status) == LegalStatus.IN_FORCE,
                col(Right.fees_paid_until).is_not_distinct_from(since),
            ),
            AlertReason.ATTACHED: col(Right.restrained_since).is_not_distinct_from(since),
            AlertReason.CHALLENGED: col(Right.challenged_since).is_not_distinct_from(since),
        },
        value=col(RightAlert.reason),
        else_=cast(col(Right.legal_status), String) == cast(col(RightAlert.reason), String),
    )


async def alerts_of(
    session: AsyncSession,
    organisation_id: UUID,
    *,
    open_only: bool,
    cursor: str | None,
    limit: int,
) -> tuple[Sequence[Alert], str | None]:
    """A page of what threatens what an organisation owns or depends on, newest first.

    Raises:
        InvalidCursorError: not a cursor of this list.
    """
    stakes = _stakes().subquery()
    concerned = select(stakes.c.right_id).where(stakes.c.organisation_id == organisation_id)
    query = select(RightAlert).where(col(RightAlert.right_id).in_(concerned))
    if open_only:
        query = query.join(Right, col(Right.id) == col(RightAlert.right_id)).where(_still_open())
    told, following = await page_by_id(session, query, RightAlert, cursor=cursor, limit=limit)
    beside = (
        select(RightAlert.id, Right, _still_open())
        .join(Right, col(Right.id) == col(RightAlert.right_id))
        .where(col(RightAlert.id).in_([one.id for one in told]))
    )
    found = {row[0]: row[1:] for row in (await session.execute(beside)).all()}
    return [Alert(one, *found[one.id]) for one in told], following


async def addresses_of(session: AsyncSession, right_id: UUID) -> Sequence[str]:
    """Confirmed addresses of who runs the organisations that a right's end concerns."""
    stakes = _stakes().subquery()
    concerned = select(stakes.c.organisation_id).where(stakes.c.right_id == right_id)
    query = (
        select(User.email)
        .distinct()
        .join(Membership, col(Membership.user_id) == col(User.id))
        .where(col(Membership.organisation_id).in_(concerned))
        .where(col(Membership.role) == MemberRole.OWNER, col(User.email_verified_at).is_not(None))
        .order_by(User.email)
        .limit(RECIPIENTS_MAX)
    )
    return (await session.execute(query)).scalars().all()
