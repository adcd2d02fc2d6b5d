"""What threatens rights, and whom that concerns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, String, and_, case, cast, exists, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped
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
    """An alert beside the right as it is now."""

    told: RightAlert
    right: Right

    @property
    def is_open(self) -> bool:
        """Whether it still threatens; of a fee, only a recorded payment ends it (DOMAIN G53)."""
        match self.told.reason:
            case AlertReason.FEE_DUE:
                in_force = self.right.legal_status is LegalStatus.IN_FORCE
                return in_force and self.right.fees_paid_until == self.told.since
            case AlertReason.ATTACHED:
                return self.right.restrained_since == self.told.since
            case AlertReason.CHALLENGED:
                return self.right.challenged_since == self.told.since
        return str(self.right.legal_status) == self.told.reason


def _still_open() -> ColumnElement[bool]:
    """`Alert.is_open`, of rows that are joined."""
    since = col(RightAlert.since)
    return case(
        {
            AlertReason.FEE_DUE: and_(
                col(Right.legal_status) == LegalStatus.IN_FORCE, col(Right.fees_paid_until) == since
            ),
            AlertReason.ATTACHED: col(Right.restrained_since) == since,
            AlertReason.CHALLENGED: col(Right.challenged_since) == since,
        },
        value=col(RightAlert.reason),
        else_=cast(col(Right.legal_status), String) == cast(col(RightAlert.reason), String),
    )


def _owned(right_id: Mapped[UUID]) -> ColumnElement[bool]:
    return and_(col(Ownership.right_id) == right_id, col(Ownership.owned_until).is_(None))


def _depended_on(right_id: Mapped[UUID]) -> ColumnElement[bool]:
    live = (EncumbranceState.ACTIVE, EncumbranceState.PENDING_REGISTRATION)
    return and_(
        col(Encumbrance.right_id) == right_id,
        col(Encumbrance.kind).in_(DEPENDENT),
        col(Encumbrance.state).in_(live),
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
    right_id = col(RightAlert.right_id)
    owns = exists().where(_owned(right_id), col(Ownership.organisation_id) == organisation_id)
    depends = exists().where(
        _depended_on(right_id), col(Encumbrance.holder_organisation_id) == organisation_id
    )
    query = select(RightAlert).where(or_(owns, depends))
    if open_only:
        query = query.join(Right, col(Right.id) == right_id).where(_still_open())
    told, following = await page_by_id(session, query, RightAlert, cursor=cursor, limit=limit)
    ids = {one.right_id for one in told}
    found = (await session.execute(select(Right).where(col(Right.id).in_(ids)))).scalars()
    rights = {right.id: right for right in found}
    return [Alert(one, rights[one.right_id]) for one in told], following


async def addresses_of(session: AsyncSession, right_id: UUID) -> Sequence[str]:
    """Confirmed addresses of who runs the organisations that a right's end concerns."""
    key = col(Right.id)
    owns = exists().where(_owned(key), col(Ownership.organisation_id) == Membership.organisation_id)
    depends = exists().where(
        _depended_on(key), col(Encumbrance.holder_organisation_id) == Membership.organisation_id
    )
    query = (
        select(User.email)
        .distinct()
        .join(Membership, col(Membership.user_id) == col(User.id))
        .join(Right, key == right_id)
        .where(col(Membership.role) == MemberRole.OWNER, or_(owns, depends))
        .where(col(User.email_verified_at).is_not(None))
        .order_by(User.email)
        .limit(RECIPIENTS_MAX)
    )
    return (await session.execute(query)).scalars().all()
