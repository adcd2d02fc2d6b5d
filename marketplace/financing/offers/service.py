"""Lenders' offers for a request. None of them is told of another's."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.affiliations.queries import same_group
from marketplace.assets.standing.days import months_after
from marketplace.financing.access import BORROWER, LENDER, is_lender
from marketplace.financing.collateral import (
    Prior,
    eligible_value_minor,
    lock_rights,
    prior_claims,
    require_within,
)
from marketplace.financing.errors import (
    CollateralBlockedError,
    ConflictOfInterestError,
    InvalidLoanTermsError,
    LendersOnlyError,
    LimitExceededError,
    NotValuedError,
    OwnRequestError,
)
from marketplace.financing.loans.rules import effective_cost_basis_points, secured_minor
from marketplace.financing.loans.schedules import Instalment, periods, schedule
from marketplace.financing.offers.lifecycle import OfferState
from marketplace.financing.offers.matching import asked_by
from marketplace.financing.offers.models import LoanOffer
from marketplace.financing.offers.schemas import LoanOfferMake
from marketplace.financing.products.rules import misfits
from marketplace.financing.products.service import get_product
from marketplace.financing.requests.lifecycle import RequestState
from marketplace.financing.requests.models import FinancingRequest
from marketplace.financing.requests.screening import collateral_of, screen
from marketplace.financing.requests.service import lock_for
from marketplace.financing.schemes.service import base_rate, scheme_on
from marketplace.financing.valuations.queries import value_of
from marketplace.kernel.db import lock, mark_locked, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import (
    BY_SYSTEM,
    SYSTEM,
    IllegalMoveError,
    begin,
    move,
)
from marketplace.valuation.reports.queries import DeliveredValue

VALID: Final = timedelta(days=30)


async def make_offer(
    session: AsyncSession, request_id: UUID, wanted: LoanOfferMake, *, actor: Actor
) -> LoanOffer:
    """Offer a loan for a valued request.

    Raises:
        NotFoundError: no such request that the lender may see.
        LendersOnlyError: the organisation is no lender.
        IllegalMoveError: the request is not valued.
        NotValuedError: the valuation does not hold any more, or is objected to.
        OwnRequestError: the borrower belongs to the lender's group.
        ConflictOfInterestError: the valuer does.
        LimitExceededError: over the loan to value, or outside the product.
        InvalidLoanTermsError: no such base rate or scheme, or no schedule.
        OfferExistsError: by the database, when one of theirs stands.
    """
    request, _ = await lock_for(session, request_id, actor)
    if not await is_lender(session, actor.organisation_id):
        raise LendersOnlyError
    if request.state is not RequestState.VALUED:
        raise IllegalMoveError(f"the request is {request.state}", state=request.state)
    value = await _valued(session, request)
    await _require_free_of_interest(session, request, value, actor)
    offer = await _draw_up(session, request, wanted, value, actor)
    begin(session, offer, actor, due_at=offer.valid_until, **offer.told())
    await session.flush()
    return offer


async def _require_free_of_interest(
    session: AsyncSession, request: FinancingRequest, value: DeliveredValue, actor: Actor
) -> None:
    today = now(session).date()
    for one in {
        request.borrower_organisation_id,
        *(found.pledgor_organisation_id for found in await collateral_of(session, [request.id])),
    }:
        if await same_group(session, actor.organisation_id, one, today):
            raise OwnRequestError
    for report in value.reports:
        if await same_group(session, actor.organisation_id, report.institution_id, today):
            raise ConflictOfInterestError


async def _valued(session: AsyncSession, request: FinancingRequest) -> DeliveredValue:
    found = await value_of(session, request.id, on=now(session).date())
    if found is None:
        raise NotValuedError
    return found


async def _draw_up(
    session: AsyncSession,
    request: FinancingRequest,
    wanted: LoanOfferMake,
    value: DeliveredValue,
    actor: Actor,
) -> LoanOffer:
    today = now(session).date()
    rate, floating = wanted.rate_basis_points, wanted.floating
    if floating is not None:
        rate = await base_rate(session, floating.base_rate_name, today)
        rate += floating.spread_basis_points
    assert rate is not None
    taken = wanted.model_dump(
        exclude={"rate_basis_points", "floating", "scheme", "secured_minor", "valid_until"}
    )
    valid_until = wanted.valid_until or now(session) + VALID
    if valid_until <= now(session):
        raise InvalidLoanTermsError("the offer would be over before it begins")
    ids = [one.right_id for one in await collateral_of(session, [request.id])]
    until = months_after(today, wanted.term_months)
    eligible = await eligible_value_minor(session, ids, value.point_minor, until)
    prior = await prior_claims(session, ids, request.currency)
    offer = LoanOffer(
        created_at=now(session),
        request_id=request.id,
        lender_organisation_id=actor.organisation_id,
        scheme_id=(await scheme_on(session, wanted.scheme, today)).id if wanted.scheme else None,
        currency=request.currency,
        secured_minor=wanted.secured_minor or secured_minor(wanted.amount_minor),
        eligible_minor=eligible,
        valuation_order_id=value.order_id,
        prior_claims_minor=prior.claims_minor,
        rate_basis_points=rate,
        effective_cost_basis_points=0,
        valid_until=valid_until,
        **taken,
        **(floating.model_dump() if floating else {}),
    )
    if offer.secured_minor < offer.amount_minor:
        raise InvalidLoanTermsError("a pledge secures at least what is lent")
    await _require_limits(session, request, offer, prior)
    rows = plan(offer, offer.amount_minor)
    received = offer.amount_minor - offer.fee_minor
    offer.effective_cost_basis_points = effective_cost_basis_points(
        received, offer.created_at.date(), rows
    )
    return offer


async def _require_limits(
    session: AsyncSession, request: FinancingRequest, offer: LoanOffer, prior: Prior
) -> None:
    if offer.amount_minor > request.amount_minor or offer.term_months > request.term_months:
        raise LimitExceededError("more, or for longer, than was asked for")
    require_within(offer.amount_minor, prior, offer.eligible_minor, offer.ltv_max_basis_points)
    if offer.product_id is None:
        return
    product = await get_product(session, offer.product_id)
    if product.lender_organisation_id != offer.lender_organisation_id:
        raise NotFoundError("no such lender product")
    asked = await asked_by(session, request)
    reasons = misfits(product, asked, now(session).date())
    rates = range(product.rate_min_basis_points, product.rate_max_basis_points + 1)
    if reasons or offer.rate_basis_points not in rates:
        raise LimitExceededError(f"outside the product: {', '.join(reasons) or 'rate'}")


def plan(offer: LoanOffer, principal_minor: int) -> list[Instalment]:
    """The schedule of an offer, as if it were paid out on the day it was made.

    Raises:
        InvalidLoanTermsError: the custom parts are no schedule.
    """
    start = offer.created_at.date()
    found = periods(start, term_months=offer.term_months, months_each=offer.months_each)
    try:
        return schedule(
            offer.schedule, principal_minor, found, offer.pricing, custom=offer.custom_minor
        )
    except ValueError as error:
        raise InvalidLoanTermsError(str(error)) from error


async def lock_offer(
    session: AsyncSession, offer_id: UUID, actor: Actor
) -> tuple[FinancingRequest, LoanOffer, str]:
    """Hold an offer and, before it, its request; and what the actor is to it.

    Raises:
        NotFoundError: it is neither the actor's nor for a request of theirs.
    """
    seen = await session.get(LoanOffer, offer_id)
    if seen is None:
        raise NotFoundError("no such loan offer")
    request = await lock(session, FinancingRequest, seen.request_id)
    roles = {request.borrower_organisation_id: BORROWER, seen.lender_organisation_id: LENDER}
    role = roles.get(actor.organisation_id)
    if role is None:
        raise NotFoundError("no such loan offer")
    return request, await lock(session, LoanOffer, offer_id), role


async def end(session: AsyncSession, offer_id: UUID, name: str, *, actor: Actor) -> LoanOffer:
    """Decline an offer as the borrower, or withdraw it as the lender."""
    _, offer, role = await lock_offer(session, offer_id, actor)
    move(session, offer, name, role=role, actor=actor, **offer.told())
    return offer


async def accept(
    session: AsyncSession, offer_id: UUID, *, actor: Actor
) -> tuple[FinancingRequest, LoanOffer]:
    """Take one offer; all others for the request are lost.

    Raises:
        NotYourMoveError: it is for the borrower.
        IllegalMoveError: the offer or the request is over, or another offer was taken.
        CollateralBlockedError: something came to stand against the collateral.
        NotValuedError, LimitExceededError: what it was worth it is worth no more.
    """
    request, offer, role = await lock_offer(session, offer_id, actor)
    if offer.valid_until <= now(session):
        raise IllegalMoveError("the offer has expired", state=offer.state)
    move(session, offer, "accept", role=role, actor=actor, **offer.told())
    move(session, request, "accept", role=role, actor=actor, loan_offer_id=offer.id)
    if not (await screen(session, request)).clear:
        raise CollateralBlockedError
    await _require_value(session, request, offer)
    for other in await _others(session, offer):
        mark_locked(session, other)
        move(session, other, "lose", role=SYSTEM, actor=BY_SYSTEM, **other.told())
    return request, offer


async def _require_value(
    session: AsyncSession, request: FinancingRequest, offer: LoanOffer
) -> None:
    """The collateral still is worth it, with all that was pledged before; nobody pledges it now."""
    value = await _valued(session, request)
    ids = [one.right_id for one in await collateral_of(session, [request.id])]
    await lock_rights(session, ids)
    prior = await prior_claims(session, ids, request.currency)
    until = months_after(now(session).date(), offer.term_months)
    eligible = await eligible_value_minor(session, ids, value.point_minor, until)
    require_within(offer.amount_minor, prior, eligible, offer.ltv_max_basis_points)


async def _others(session: AsyncSession, offer: LoanOffer) -> Sequence[LoanOffer]:
    query = (
        select(LoanOffer)
        .where(col(LoanOffer.request_id) == offer.request_id)
        .where(col(LoanOffer.state) == OfferState.OFFERED, col(LoanOffer.id) != offer.id)
        .with_for_update()
    )
    return (await session.execute(query)).scalars().all()
