"""What stands against pledging the rights of a request, right by right."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.assets.consents.rules import Deed
from marketplace.assets.consents.service import missing_for
from marketplace.assets.encumbrances.checking import find_conflict
from marketplace.assets.encumbrances.kinds import EncumbranceKind
from marketplace.assets.legal_rules.terms import Act
from marketplace.assets.models import Right
from marketplace.assets.standing.days import months_after
from marketplace.assets.title.queries import owners_of
from marketplace.documents.signatures import newest
from marketplace.financing.requests.models import FinancingCollateral, FinancingRequest
from marketplace.financing.requests.rules import Facts, blocks, is_clear
from marketplace.financing.requests.schemas import RightScreening, ScreeningRead
from marketplace.kernel.db import now
from marketplace.kernel.money import Money

_PLEDGES: Final = text(
    "SELECT right_id, count(*) FROM encumbrance WHERE right_id = ANY (:ids) AND kind = 'pledge'"
    " AND state IN ('pending_registration', 'active') GROUP BY right_id"
)


async def collateral_of(
    session: AsyncSession, request_ids: Sequence[UUID]
) -> Sequence[FinancingCollateral]:
    """The rights of some requests, as they were added."""
    query = select(FinancingCollateral).where(col(FinancingCollateral.request_id).in_(request_ids))
    return (await session.execute(query.order_by(col(FinancingCollateral.id)))).scalars().all()


async def screen(session: AsyncSession, request: FinancingRequest) -> ScreeningRead:
    """Everything that blocks the request's rights now; without any right it is not clear."""
    found = await collateral_of(session, [request.id])
    today = now(session).date()
    ends = months_after(today, request.term_months)
    ids = [one.right_id for one in found]
    query = select(Right).where(col(Right.id).in_(ids))
    rights = {right.id: right for right in (await session.execute(query)).scalars()}
    pledges = {row[0]: row[1] for row in await session.execute(_PLEDGES, {"ids": ids})}
    sha256 = (await newest(session, request.subject)).sha256
    screened = [
        await _screen(
            session, request, one, rights[one.right_id], pledges, sha256, today=today, ends=ends
        )
        for one in found
    ]
    return ScreeningRead(clear=bool(found) and all(one.clear for one in screened), rights=screened)


def deed_of(request: FinancingRequest, collateral: FinancingCollateral, sha256: str) -> Deed:
    """What a pledgor does with a right, by the terms that its co-owners consent to."""
    return Deed(
        collateral.right_id,
        Act.PLEDGE,
        collateral.pledgor_organisation_id,
        sha256,
        amount=Money(request.amount_minor, request.currency),
        subject=request.subject,
    )


async def _screen(
    session: AsyncSession,
    request: FinancingRequest,
    one: FinancingCollateral,
    right: Right,
    pledges: Mapping[UUID, int],
    sha256: str,
    *,
    today: date,
    ends: date,
) -> RightScreening:
    owners = await owners_of(session, right.id)
    missing = await missing_for(session, deed_of(request, one, sha256))
    conflict = await find_conflict(
        session, right.id, EncumbranceKind.PLEDGE, by=one.pledgor_organisation_id
    )
    facts = Facts(
        status=right.legal_status,
        owned=one.pledgor_organisation_id in owners,
        last_day=right.last_day,
        fees_paid_until=right.fees_paid_until,
        restrained=right.restrained_since is not None,
        challenged=right.challenged_since is not None,
        standing=conflict.standing if conflict else None,
        pledges=pledges.get(right.id, 0),
        owners_missing=len(missing),
    )
    reasons = blocks(facts, today=today, loan_ends=ends)
    return RightScreening(
        right_id=right.id, clear=is_clear(reasons), reasons=reasons, owners_missing=missing
    )
