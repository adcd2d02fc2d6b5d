"""Covenants watched: what became of the collateral, its annuities, and its value."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.assets.encumbrances.lifecycle import LIVE as LIVE_ENCUMBRANCES
from marketplace.assets.encumbrances.models import Encumbrance
from marketplace.assets.models import LegalStatus
from marketplace.assets.standing.days import months_after
from marketplace.financing.collateral import eligible_value_minor, prior_claims
from marketplace.financing.covenants.lifecycle import LIVE, BreachState
from marketplace.financing.covenants.models import BreachKind, CovenantBreach
from marketplace.financing.loans.lifecycle import SECURED
from marketplace.financing.loans.models import Loan, LoanPledge
from marketplace.financing.loans.parties import get_loan, pledges_of, role_in
from marketplace.financing.loans.rules import ltv_basis_points, within_ltv
from marketplace.financing.offers.models import LoanOffer
from marketplace.financing.valuations.queries import value_of
from marketplace.kernel.db import lock, mark_locked, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import Fact
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, begin, move

_UNPAID: Final = text(
    """
    SELECT p.loan_id, p.right_id FROM loan_pledge p JOIN ip_right r ON r.id = p.right_id
    WHERE p.loan_id = ANY (:ids) AND r.fees_paid_until < :today AND NOT EXISTS (
        SELECT FROM covenant_breach b WHERE b.loan_id = p.loan_id AND b.right_id = p.right_id
            AND b.kind = 'annuity_unpaid' AND b.state IN ('open', 'ripe'))
    """
)
_OF_RIGHT: Final = frozenset(
    {BreachKind.RIGHT_LOST, BreachKind.LIFE_SHORTENED, BreachKind.ATTACHED, BreachKind.CHALLENGED}
)


async def on_standing(session: AsyncSession, fact: Fact) -> None:
    """A right's standing changed: each loan that it secures is looked at."""
    right_id = UUID(fact.subject.removeprefix("right:"))
    for loan in await _secured_by(session, right_id):
        found = broken(fact.data["to"], loan.ends_on)
        for kind in found:
            await note(session, loan, kind, right_id)
        await mend(session, loan, _OF_RIGHT - found, right_id)
        if LegalStatus(fact.data["to"]["status"]) is LegalStatus.IN_FORCE:
            await _look_at_annuity(session, loan, right_id)
        if loan.disbursed_minor:
            await look_at_value(session, loan)


def broken(standing: Mapping[str, Any], ends_on: date | None) -> frozenset[BreachKind]:
    """Which covenants a standing of a pledged right breaks."""
    last_day = standing["last_day"] and date.fromisoformat(str(standing["last_day"]))
    ends_early = ends_on is not None and last_day is not None and last_day < ends_on
    found = {
        BreachKind.RIGHT_LOST: standing["status"] != LegalStatus.IN_FORCE,
        BreachKind.LIFE_SHORTENED: ends_early,
        BreachKind.ATTACHED: standing["restrained_since"] is not None,
        BreachKind.CHALLENGED: standing["challenged_since"] is not None,
    }
    return frozenset(kind for kind, is_broken in found.items() if is_broken)


async def _look_at_annuity(session: AsyncSession, loan: Loan, right_id: UUID) -> None:
    values = {"ids": [loan.id], "today": now(session).date()}
    rows = await session.execute(_UNPAID, values)
    if right_id not in {row.right_id for row in rows}:
        await mend(session, loan, {BreachKind.ANNUITY_UNPAID}, right_id)


async def _secured_by(session: AsyncSession, right_id: UUID) -> Sequence[Loan]:
    query = (
        select(Loan)
        .join(LoanPledge, col(LoanPledge.loan_id) == col(Loan.id))
        .where(col(LoanPledge.right_id) == right_id, col(Loan.state).in_(SECURED))
        .order_by(col(Loan.id))
    )
    return (await session.execute(query)).scalars().all()


async def watch_annuities(session: AsyncSession, ids: Sequence[UUID], today: date) -> None:
    """Note rights whose annuity is overdue, since a lapse may follow (DOMAIN D6)."""
    for row in (await session.execute(_UNPAID, {"ids": list(ids), "today": today})).all():
        loan = await session.get_one(Loan, row.loan_id)
        await note(session, loan, BreachKind.ANNUITY_UNPAID, row.right_id)


async def look_at_value(session: AsyncSession, loan: Loan) -> None:
    """Whether a loan keeps within its loan to value by the newest valuation, where one holds.

    Only rights that stand count, and what ranks before by the register does not.
    """
    found = await value_of(session, loan.request_id, on=now(session).date())
    if found is None:
        return
    offer = await session.get_one(LoanOffer, loan.offer_id)
    gone = await _unpledged(session, loan)
    ids = [one.right_id for one in await pledges_of(session, loan.id) if one.right_id not in gone]
    until = loan.ends_on or months_after(now(session).date(), offer.term_months)
    value = await eligible_value_minor(session, ids, found.point_minor, until)
    prior = await prior_claims(session, ids, loan.currency, loan_id=loan.id)
    debt = loan.outstanding_minor + prior.claims_minor
    if within_ltv(debt, value, offer.ltv_max_basis_points):
        await mend(session, loan, {BreachKind.LOAN_TO_VALUE}, None)
    else:
        ltv = ltv_basis_points(debt, value)
        await note(session, loan, BreachKind.LOAN_TO_VALUE, None, ltv=ltv)


async def note_unpledged(session: AsyncSession, loan: Loan) -> None:
    """Note rights whose pledge ended though the loan runs; they count for nothing any more."""
    for right_id in await _unpledged(session, loan):
        await note(session, loan, BreachKind.PLEDGE_DELETED, right_id)
    await look_at_value(session, loan)


async def _unpledged(session: AsyncSession, loan: Loan) -> Sequence[UUID]:
    query = (
        select(LoanPledge.right_id)
        .join(Encumbrance, col(Encumbrance.id) == col(LoanPledge.encumbrance_id))
        .where(col(LoanPledge.loan_id) == loan.id)
        .where(col(Encumbrance.state).not_in(LIVE_ENCUMBRANCES))
    )
    return (await session.execute(query)).scalars().all()


async def mend_value(session: AsyncSession, loan: Loan) -> None:
    """A payment may bring a loan back within its loan to value."""
    if await _live(session, loan.id, {BreachKind.LOAN_TO_VALUE}, None):
        await look_at_value(session, loan)


async def note(
    session: AsyncSession,
    loan: Loan,
    kind: BreachKind,
    right_id: UUID | None,
    *,
    ltv: int | None = None,
) -> None:
    """Note a breach that is not known; known already, nothing happens."""
    if await _live(session, loan.id, {kind}, right_id):
        return
    offer = await session.get_one(LoanOffer, loan.offer_id)
    breach = CovenantBreach(
        created_at=now(session),
        loan_id=loan.id,
        kind=kind,
        right_id=right_id,
        ltv_basis_points=ltv,
    )
    until = now(session) + timedelta(days=offer.cure_days)
    told = {"loan_id": loan.id, "kind": kind, "right_id": right_id}
    begin(session, breach, BY_SYSTEM, due_at=until, **told)
    await session.flush()


async def mend(
    session: AsyncSession, loan: Loan, kinds: Collection[BreachKind], right_id: UUID | None
) -> None:
    """Breaches that are none any more."""
    for breach in await _live(session, loan.id, kinds, right_id):
        mark_locked(session, breach)
        move(session, breach, "cure", role=SYSTEM, actor=BY_SYSTEM, loan_id=loan.id)
    await session.flush()


async def _live(
    session: AsyncSession, loan_id: UUID, kinds: Collection[BreachKind], right_id: UUID | None
) -> Sequence[CovenantBreach]:
    query = (
        select(CovenantBreach)
        .where(col(CovenantBreach.loan_id) == loan_id, col(CovenantBreach.kind).in_(kinds))
        .where(col(CovenantBreach.right_id).is_not_distinct_from(right_id))
        .where(col(CovenantBreach.state).in_(LIVE))
        .with_for_update()
    )
    return (await session.execute(query)).scalars().all()


async def is_ripe(session: AsyncSession, loan_id: UUID) -> bool:
    """Whether a covenant was broken and not mended in time."""
    query = select(CovenantBreach.id).where(
        col(CovenantBreach.loan_id) == loan_id, col(CovenantBreach.state) == BreachState.RIPE
    )
    return (await session.execute(query.limit(1))).first() is not None


async def breaches_of(session: AsyncSession, loan_id: UUID) -> Sequence[CovenantBreach]:
    """Every breach of a loan's covenants, newest first; at most a hundred."""
    query = select(CovenantBreach).where(col(CovenantBreach.loan_id) == loan_id)
    query = query.order_by(col(CovenantBreach.id).desc()).limit(100)
    return (await session.execute(query)).scalars().all()


async def end(session: AsyncSession, breach_id: UUID, name: str, *, actor: Actor) -> CovenantBreach:
    """Waive a breach, or take it as mended, as the lender.

    Raises:
        NotFoundError: of no loan that the actor may see.
        NotYourMoveError: it is for the lender.
    """
    seen = await session.get(CovenantBreach, breach_id)
    if seen is None:
        raise NotFoundError("no such breach")
    try:
        loan = await get_loan(session, seen.loan_id, actor=actor)
    except NotFoundError:
        raise NotFoundError("no such breach") from None
    breach = await lock(session, CovenantBreach, breach_id)
    role = await role_in(session, loan, actor)
    move(session, breach, name, role=role, actor=actor, loan_id=loan.id)
    return breach
