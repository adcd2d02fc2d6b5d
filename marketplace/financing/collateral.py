"""What collateral counts for, and what ranks before a pledge of it (DOMAIN D4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.assets.models import LegalStatus, Right
from marketplace.financing.errors import LimitExceededError
from marketplace.financing.loans.rules import eligible_minor, within_ltv
from marketplace.kernel.db import lock
from marketplace.kernel.money import BASIS_POINTS, split

# A pledge of several rights for one loan counts once; one whose debt is over secures nothing.
_PRIOR: Final = text(
    """
    SELECT coalesce(sum(secured_minor) FILTER (WHERE currency = :currency), 0),
        count(*) FILTER (WHERE currency <> :currency)
    FROM (
        SELECT DISTINCT ON (coalesce(p.loan_id, e.id)) e.secured_minor, e.currency
        FROM encumbrance e
        LEFT JOIN loan_pledge p ON p.encumbrance_id = e.id LEFT JOIN loan l ON l.id = p.loan_id
        WHERE e.right_id = ANY (:ids) AND e.kind = 'pledge'
            AND e.state IN ('pending_registration', 'active')
            AND (l.id IS NULL OR l.id <> :own AND l.state NOT IN ('repaid', 'release_filed'))
            AND NOT EXISTS (
                SELECT FROM loan_pledge mine JOIN encumbrance o ON o.id = mine.encumbrance_id
                WHERE mine.loan_id = :own AND mine.right_id = e.right_id AND o.state = 'active'
                    AND (e.state <> 'active' OR (e.received_on, e.receipt_order)
                        > (o.received_on, o.receipt_order)))
        ORDER BY coalesce(p.loan_id, e.id), e.secured_minor DESC
    ) each
    """
)
_NOBODY: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Prior:
    """What the pledges secure that rank before one's own, and how many in other currencies."""

    claims_minor: int
    foreign: int


async def prior_claims(
    session: AsyncSession, right_ids: Sequence[UUID], currency: str, *, loan_id: UUID | None = None
) -> Prior:
    """Before a pledge that is to come; or before those of a loan, by the register's receipt."""
    values = {"ids": list(right_ids), "currency": currency, "own": loan_id or _NOBODY}
    row = (await session.execute(_PRIOR, values)).one()
    return Prior(int(row[0]), int(row[1]))


async def lock_rights(session: AsyncSession, right_ids: Sequence[UUID]) -> None:
    """Hold rights, so that nobody pledges them meanwhile."""
    for right_id in sorted(right_ids):
        await lock(session, Right, right_id)


async def eligible_value_minor(
    session: AsyncSession, right_ids: Sequence[UUID], value_minor: int, until: date
) -> int:
    """The value of the rights that are in force, free of attachment, and outlast a loan.

    They were valued together, so each counts for an even part.
    """
    query = select(Right).where(col(Right.id).in_(right_ids)).order_by(col(Right.id))
    rights = (await session.execute(query)).scalars().all()
    values = split(value_minor, [1] * len(rights)) if rights else []
    return eligible_minor(
        (value, BASIS_POINTS if _counts(right, until) else 0)
        for value, right in zip(values, rights, strict=True)
    )


def _counts(right: Right, until: date) -> bool:
    outlasts = right.last_day is not None and right.last_day >= until
    in_force = right.legal_status is LegalStatus.IN_FORCE
    return in_force and outlasts and right.restrained_since is None


def require_within(
    amount_minor: int, prior: Prior, eligible_value: int, max_basis_points: int
) -> None:
    """Refuse a loan that, with all that ranks before it, exceeds its loan to value.

    Raises:
        LimitExceededError: it does, or what ranks before cannot be added to it.
    """
    if prior.foreign:
        raise LimitExceededError("a pledge that ranks before is in another currency")
    if not within_ltv(amount_minor + prior.claims_minor, eligible_value, max_basis_points):
        raise LimitExceededError("over the loan to value, with what ranks before")
