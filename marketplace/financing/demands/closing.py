"""What comes of an accepted offer: a request for a loan, a sale, or an agreement and its money."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.assets.models import Right
from marketplace.assets.title.service import require_owner
from marketplace.deals.agreement import draw_up
from marketplace.deals.licences.service import grant_back
from marketplace.deals.licences.wording import licence_lines
from marketplace.deals.models import Deal
from marketplace.deals.opening import open_deal
from marketplace.deals.parties import require_other_people
from marketplace.documents.signatures import keep, newest, sign, signatures_of
from marketplace.financing.demands.lifecycle import DemandState
from marketplace.financing.demands.models import Demand, DemandOffer, DemandRight
from marketplace.financing.demands.service import lock_for
from marketplace.financing.demands.terms import (
    GuaranteeLoanWanted,
    LicenceBackOffered,
    LicenceBackWanted,
)
from marketplace.financing.demands.wording import render
from marketplace.financing.requests.schemas import FinancingRequestFile
from marketplace.financing.requests.service import file_request
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import lock, now
from marketplace.kernel.events import Fact
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, move
from marketplace.kernel.money import Money
from marketplace.kernel.schemas import Price
from marketplace.listings.schemas import ListingCreate
from marketplace.listings.service import create_listing, publish_listing
from marketplace.payments.funding.service import cancel_request, is_paid, request_payment
from marketplace.payments.ledger.addresses import held, payable
from marketplace.payments.ledger.service import Booking, Posting, post


async def close(
    session: AsyncSession, keyring: Keyring, demand: Demand, offer: DemandOffer, *, actor: Actor
) -> None:
    """Hand an accepted offer over to where its product goes on, or draw up what is to be signed.

    Raises:
        NotOwnerError: a right was sold meanwhile.
        What filing a request, publishing a listing and opening a deal may refuse.
    """
    wanted, offered = demand.wanted, offer.offered
    right_ids = await rights_of(session, demand.id)
    for right_id in right_ids:
        await require_owner(session, right_id, demand.company_organisation_id)
    keep(session, subject=demand.subject, content=render(demand, offer, right_ids))
    if isinstance(wanted, GuaranteeLoanWanted):
        await _request_loan(session, demand, wanted, right_ids, actor=actor)
    elif isinstance(wanted, LicenceBackWanted) and isinstance(offered, LicenceBackOffered):
        await _sell(session, keyring, demand, wanted, offered, right_ids[0], actor=actor)
    if demand.leads_to:
        move(session, demand, "hand_over", role=SYSTEM, actor=BY_SYSTEM, to=demand.leads_to)
    await session.flush()


async def rights_of(session: AsyncSession, demand_id: UUID) -> list[UUID]:
    """The rights of a demand, as they were named."""
    query = select(DemandRight.right_id).where(col(DemandRight.demand_id) == demand_id)
    return [*(await session.execute(query.order_by(col(DemandRight.id)))).scalars()]


async def _request_loan(
    session: AsyncSession,
    demand: Demand,
    wanted: GuaranteeLoanWanted,
    right_ids: list[UUID],
    *,
    actor: Actor,
) -> None:
    """The loan is asked for with the guarantee in hand; it goes on as any other request."""
    filed = FinancingRequestFile(
        amount=Price(amount_minor=demand.amount_minor, currency=demand.currency),
        term_months=wanted.term_months,
        purpose=demand.summary,
        guarantee_offered=True,
        right_ids=right_ids,
    )
    request = await file_request(session, filed, actor=actor)
    demand.leads_to = request.subject


async def _sell(
    session: AsyncSession,
    keyring: Keyring,
    demand: Demand,
    wanted: LicenceBackWanted,
    offered: LicenceBackOffered,
    right_id: UUID,
    *,
    actor: Actor,
) -> None:
    """Open the sale; what both sign names the licence that its buyer grants back."""
    assert demand.offerer_organisation_id
    assert demand.agreed_minor
    seller, buyer = demand.company_organisation_id, demand.offerer_organisation_id
    await require_other_people(session, seller=seller, buyer=buyer, actor=actor)
    right = await session.get_one(Right, right_id)
    listed = ListingCreate(
        right_id=right_id,
        title=right.title,
        teaser="Sold, and licensed back to its seller",
        language="en",
        asking_price_minor=demand.agreed_minor,
        currency=demand.currency,
    )
    listing = await create_listing(session, listed, actor=actor)
    await session.flush()
    await publish_listing(session, listing.id, actor=actor, version=None)
    deal = await open_deal(
        session,
        keyring,
        negotiation_id=None,
        listing_id=listing.id,
        buyer_organisation_id=buyer,
        price_minor=demand.agreed_minor,
        currency=demand.currency,
        actor=actor,
    )
    deal.additional_terms = _licence_back(wanted, offered, demand.currency)
    await draw_up(session, keyring, deal)
    demand.leads_to = deal.subject


def _licence_back(wanted: LicenceBackWanted, offered: LicenceBackOffered, currency: str) -> str:
    lines = [
        "With the title the buyer grants the seller this licence:",
        licence_lines("en", wanted.licence, currency),
    ]
    if offered.repurchase_price_minor and wanted.repurchase_months:
        price = Money(offered.repurchase_price_minor, currency)
        lines.append(
            f"The seller may buy the right back for {price} within {wanted.repurchase_months}"
            " months after the title passed."
        )
    return "\n".join(lines)


async def on_title_passed(session: AsyncSession, fact: Fact) -> None:
    """A sale by which a right is licensed back: its buyer owns it, and its seller is licensee."""
    query = select(Demand).where(col(Demand.leads_to) == fact.subject)
    demand = (await session.execute(query)).scalar_one_or_none()
    if demand is None or not isinstance(demand.wanted, LicenceBackWanted):
        return
    deal = await lock(session, Deal, UUID(fact.subject.removeprefix("deal:")))
    if deal.title_passed:
        await grant_back(session, deal, demand.wanted.licence)


async def sign_agreement(
    session: AsyncSession, demand_id: UUID, sha256: str, *, actor: Actor
) -> Demand:
    """Sign as one of the two sides; once both have, the offerer is asked to pay.

    Raises:
        NotFoundError, NotYourMoveError, IllegalMoveError: not for this side, or not to be signed.
        TextChangedError, AlreadySignedError: see `documents.signatures`.
    """
    demand, role = await lock_for(session, demand_id, actor)
    due_at = demand.due_at
    move(session, demand, "sign", role=role, actor=actor, due_at=due_at, sha256=sha256)
    await sign(session, subject=demand.subject, sha256=sha256, actor=actor)
    document = await newest(session, demand.subject)
    signed = {one.organisation_id for one in await signatures_of(session, document)}
    if signed >= {demand.company_organisation_id, demand.offerer_organisation_id}:
        move(session, demand, "contract", role=SYSTEM, actor=BY_SYSTEM)
        await _ask(session, demand)
    return demand


async def _ask(session: AsyncSession, demand: Demand) -> None:
    assert demand.offerer_organisation_id
    assert demand.agreed_minor
    await request_payment(
        session,
        subject=demand.subject,
        payer=demand.offerer_organisation_id,
        amount_minor=demand.agreed_minor,
        currency=demand.currency,
    )


async def on_paid(session: AsyncSession, demand_id: UUID) -> None:
    """The offerer has paid: the company gets it; told again, nothing happens."""
    demand = await lock(session, Demand, demand_id)
    if demand.state is not DemandState.CONTRACTED:
        return
    await _move_money(session, demand, "demand_payment", demand.company_organisation_id)
    demand.settled_at = now(session)
    move(session, demand, "settle", role=SYSTEM, actor=BY_SYSTEM, amount_minor=demand.agreed_minor)


async def give_up(
    session: AsyncSession, demand: Demand, name: str, *, role: str, actor: Identity
) -> None:
    """End what was agreed but not carried out; money of the offerer's that has come goes back."""
    was_contracted = demand.state is DemandState.CONTRACTED
    move(session, demand, name, role=role, actor=actor)
    if not was_contracted:
        return
    if not await is_paid(session, demand.subject):
        await cancel_request(session, demand.subject, actor=actor)
        return
    assert demand.offerer_organisation_id
    await _move_money(session, demand, "refund", demand.offerer_organisation_id)


async def lapse(session: AsyncSession, demand: Demand, *, role: str, actor: Identity) -> None:
    """The clock: it was not signed, or not paid, in time."""
    await give_up(session, demand, "lapse", role=role, actor=actor)


async def _move_money(session: AsyncSession, demand: Demand, kind: str, to: UUID) -> None:
    assert demand.agreed_minor
    await post(
        session,
        Booking(
            key=f"{kind}:{demand.subject}",
            kind=kind,
            subject=demand.subject,
            currency=demand.currency,
            postings=[Posting(held(demand.subject), payable(to), demand.agreed_minor)],
        ),
    )
