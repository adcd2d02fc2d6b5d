"""What the figures of a licence come to is charged to its account, and asked for.

The licence is locked before all that belongs to it. Figures are never booked but by the difference
to what was booked before, so the account's sum is what the present figures come to, always.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.deals.licences.models import Licence
from marketplace.deals.models import Deal
from marketplace.deals.royalties.accounts import ChargeKind, Claim, interest_on, open_claims
from marketplace.deals.royalties.lifecycle import OPEN
from marketplace.deals.royalties.models import (
    RoyaltyCharge,
    RoyaltyFiling,
    RoyaltyPayment,
    RoyaltyReport,
)
from marketplace.deals.royalties.queries import (
    charges_of,
    claim_of,
    counted,
    interest_periods,
    newest_filings,
    payments_under,
    reports_of,
    settled_minor,
)
from marketplace.deals.royalties.rules import PeriodBase, PeriodDue, dues
from marketplace.kernel.db import mark_locked, now
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, begin, move, require_locked
from marketplace.payments.funding.service import cancel_request, request_payment
from marketplace.payments.taxes.rules import assess
from marketplace.payments.taxes.service import get_rate

INTEREST_DAYS: Final = timedelta(days=30)
"""How long after a late payment or a correction its interest is due."""


async def book_figures(session: AsyncSession, licence: Licence, filing: RoyaltyFiling) -> None:
    """Work every period out anew, and charge the differences that a filing made."""
    require_locked(session, licence)
    assert licence.royalty
    reports = counted(await reports_of(session, licence.id, for_update=True), licence.until())
    filings = await newest_filings(session, [report.id for report in reports])
    bases = [_base(report, filings.get(report.id)) for report in reports]
    found = dues(licence.royalty, bases, await _advance(session, licence))
    for report, due in zip(reports, found, strict=True):
        await _book_period(session, licence, report, due, filing)
    await book_interest(session, licence)
    await collect(session, licence)


def _base(report: RoyaltyReport, filing: RoyaltyFiling | None) -> PeriodBase:
    return PeriodBase(
        year=report.year,
        base=filing.base if filing else 0,
        third_party_basis_points=filing.third_party_basis_points if filing else 0,
        year_days=report.year_days,
        full_year_days=report.full_year_days,
        ends_year=report.ends_year,
    )


async def _advance(session: AsyncSession, licence: Licence) -> int:
    """The price paid at once, which only the licence that it was paid for is credited with."""
    deal = await session.get_one(Deal, licence.deal_id)
    return deal.price_minor if licence.position == 1 else 0


async def _book_period(
    session: AsyncSession,
    licence: Licence,
    report: RoyaltyReport,
    due: PeriodDue,
    filing: RoyaltyFiling,
) -> None:
    difference = due.due_minor - report.due_minor
    for name, minor in asdict(due).items():
        setattr(report, name, minor)
    if difference:
        claim = Claim(ChargeKind.ROYALTY, report.due_on, difference, report.id)
        await charge(session, licence, claim, filing_id=filing.id)


async def book_interest(session: AsyncSession, licence: Licence) -> int:
    """Charge the late interest that is not charged yet, or credit what a correction took away.

    Returns:
        The difference that was booked, in minor units.
    """
    paid = [one for one in await payments_under(session, licence.id) if one.paid_on]
    if not paid:
        return 0
    due_minor: Counter[UUID | None] = Counter()
    charged_minor = 0
    for found in await charges_of(session, licence.id):
        if found.kind is ChargeKind.ROYALTY:
            due_minor[found.report_id] += found.amount_minor
        elif found.kind is ChargeKind.INTEREST:
            charged_minor += found.amount_minor
    settled = [(one.paid_on, claims_of(one)) for one in paid if one.paid_on]
    rates = await interest_periods(session, licence.currency)
    difference = interest_on(settled, due_minor, rates) - charged_minor
    if difference:
        due_on = now(session).date() + INTEREST_DAYS
        await charge(session, licence, Claim(ChargeKind.INTEREST, due_on, difference))
    return difference


async def charge(
    session: AsyncSession,
    licence: Licence,
    claim: Claim,
    *,
    filing_id: UUID | None = None,
    audit_id: UUID | None = None,
) -> None:
    """Add an entry to the account of a locked licence."""
    require_locked(session, licence)
    query = select(func.coalesce(func.max(RoyaltyCharge.number), 0))
    last = await session.execute(query.where(col(RoyaltyCharge.licence_id) == licence.id))
    session.add(
        RoyaltyCharge(
            created_at=now(session),
            licence_id=licence.id,
            number=last.scalar_one() + 1,
            kind=claim.kind,
            report_id=claim.report_id,
            filing_id=filing_id,
            audit_id=audit_id,
            amount_minor=claim.amount_minor,
            currency=licence.currency,
            due_on=claim.due_on,
        )
    )
    await session.flush()


async def collect(session: AsyncSession, licence: Licence) -> None:
    """Ask for what is charged and was not asked for; take back what was asked for too much.

    Raises:
        RequestNotOpenError: what would be taken back has been paid, and its news is on its way.
    """
    require_locked(session, licence)
    charges = [claim_of(found) for found in await charges_of(session, licence.id)]
    balance = sum(c.amount_minor for c in charges) - await settled_minor(session, licence.id)
    if balance < 0:
        await _take_requests_back(session, licence, -balance)
    claims = open_claims(charges, await settled_minor(session, licence.id))
    if claims:
        await _ask(session, licence, claims)


async def _take_requests_back(session: AsyncSession, licence: Licence, over_minor: int) -> None:
    """The newest first, until nothing is asked for that is no longer due."""
    query = (
        select(RoyaltyPayment)
        .where(col(RoyaltyPayment.licence_id) == licence.id)
        .where(col(RoyaltyPayment.state).in_(OPEN))
        .order_by(col(RoyaltyPayment.id).desc())
        .with_for_update()
    )
    for payment in (await session.execute(query)).scalars().all():
        if over_minor <= 0:
            return
        mark_locked(session, payment)
        over_minor -= payment.amount_minor
        move(session, payment, "supersede", role=SYSTEM, actor=BY_SYSTEM)
        await cancel_request(session, payment.subject, actor=BY_SYSTEM)
    await session.flush()


async def _ask(session: AsyncSession, licence: Licence, claims: Sequence[Claim]) -> None:
    amount_minor = sum(claim.amount_minor for claim in claims)
    payment = RoyaltyPayment(
        created_at=now(session),
        licence_id=licence.id,
        amount_minor=amount_minor,
        vat_minor=await _vat(session, licence, amount_minor),
        currency=licence.currency,
        due_on=min(claim.due_on for claim in claims),
        claims=[asdict(claim) for claim in claims],
    )
    begin(session, payment, BY_SYSTEM, licence_id=licence.id, amount_minor=amount_minor)
    await session.flush()
    await ask_for(session, licence, payment)


async def _vat(session: AsyncSession, licence: Licence, amount_minor: int) -> int:
    """VAT as on the deal's price: of the licensor who sells, in the licensee's own country."""
    deal = await session.get_one(Deal, licence.deal_id)
    if deal.vat_rate_id is None or licence.position > 1:
        return 0
    rate = await get_rate(session, deal.vat_rate_id)
    return assess(rate, amount_minor, licence.currency).tax_minor


async def ask_for(session: AsyncSession, licence: Licence, payment: RoyaltyPayment) -> None:
    """Ask the licensee for a payment, by bank transfer under a new reference."""
    await request_payment(
        session,
        subject=payment.subject,
        payer=licence.licensee_organisation_id,
        amount_minor=payment.amount_minor + payment.vat_minor,
        currency=payment.currency,
    )


def claims_of(payment: RoyaltyPayment) -> list[Claim]:
    """Which charges a payment settles, as they were kept."""
    return [
        Claim(
            ChargeKind(kept["kind"]),
            date.fromisoformat(kept["due_on"]),
            kept["amount_minor"],
            UUID(kept["report_id"]) if kept["report_id"] else None,
        )
        for kept in payment.claims
    ]
