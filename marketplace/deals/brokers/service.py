"""The brokers of a deal: put down when it opens, disclosed in its text, recorded when paid."""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.affiliations.queries import groups_of
from marketplace.deals.brokers.models import BrokerPayment, DealBroker
from marketplace.deals.brokers.queries import brokers_of
from marketplace.deals.mandates.models import Mandate, Side
from marketplace.deals.models import Deal
from marketplace.deals.negotiations.models import Offer
from marketplace.deals.rules import Division
from marketplace.kernel.db import now


async def put_brokers_who_acted(session: AsyncSession, deal: Deal) -> None:
    """Each broker that made an offer for its side has an equal share of that side, to begin with.

    It has it even when its mandate was revoked since: what led to the deal it has done.
    """
    mandates = await acted(session, deal)
    for side in Side:
        own = [mandate for mandate in mandates if mandate.side is side]
        await put_side(session, deal, side, own, [1] * len(own), len(own))


async def acted(session: AsyncSession, deal: Deal) -> Sequence[Mandate]:
    """The mandates under which offers of a deal's negotiation were made, the earliest first.

    A broker that bought or sold itself is no broker of that deal.
    """
    if deal.negotiation_id is None:
        return ()
    of_offers = select(Offer.mandate_id).where(
        col(Offer.negotiation_id) == deal.negotiation_id, col(Offer.mandate_id).is_not(None)
    )
    query = (
        select(Mandate)
        .where(
            col(Mandate.id).in_(of_offers),
            col(Mandate.broker_organisation_id).not_in(sides_of(deal)),
        )
        .order_by(col(Mandate.id))
    )
    return (await session.execute(query)).scalars().all()


def sides_of(deal: Deal) -> tuple[UUID, UUID]:
    return deal.seller_organisation_id, deal.buyer_organisation_id


async def put_side(
    session: AsyncSession,
    deal: Deal,
    side: Side,
    mandates: Sequence[Mandate],
    numerators: Sequence[int],
    denominator: int,
) -> None:
    """Write one side's brokers and their shares down in place of those before."""
    if deal.brokered:
        of_side = col(DealBroker.deal_id) == deal.id, col(DealBroker.side) == side
        await session.execute(delete(DealBroker).where(*of_side))
    for position, (mandate, numerator) in enumerate(zip(mandates, numerators, strict=True), 1):
        session.add(
            DealBroker(
                created_at=now(session),
                deal_id=deal.id,
                side=side,
                position=position,
                mandate_id=mandate.id,
                broker_organisation_id=mandate.broker_organisation_id,
                commission_ppm=mandate.commission_ppm,
                numerator=numerator,
                denominator=denominator,
            )
        )
    deal.brokered = deal.brokered or bool(mandates)
    await session.flush()


async def disclose(session: AsyncSession, deal: Deal) -> None:
    """Note, before the text is drawn up, whether a broker stands on both sides."""
    found = await brokers_of(session, deal)
    deal.brokered = bool(found)
    deal.dual_agency = await is_dual(session, deal, found)


async def is_dual(session: AsyncSession, deal: Deal, found: Sequence[DealBroker]) -> bool:
    """Whether a broker of one side, or its group, is a broker of the other or the other itself."""
    if not found:
        return False
    seller, buyer = sides_of(deal)
    brokers = {one.broker_organisation_id for one in found}
    tops = await groups_of(session, {seller, buyer, *brokers}, now(session).date())
    own: dict[Side, set[UUID]] = {side: _tops(tops, found, side) for side in Side}
    crossed = own[Side.SELL] & own[Side.BUY]
    return bool(crossed or tops[buyer] in own[Side.SELL] or tops[seller] in own[Side.BUY])


def _tops(tops: Mapping[UUID, UUID], found: Sequence[DealBroker], side: Side) -> set[UUID]:
    return {tops[one.broker_organisation_id] for one in found if one.side is side}


def keep_payments(session: AsyncSession, deal: Deal, division: Division) -> None:
    """Write down what each broker was paid out of what was just released."""
    paid: Counter[UUID] = Counter()
    for cut in division.cuts:
        paid[cut.organisation_id] += cut.amount_minor
    session.add_all(
        BrokerPayment(
            created_at=now(session),
            deal_id=deal.id,
            held_for=division.held.subject,
            broker_organisation_id=organisation_id,
            amount_minor=amount_minor,
            currency=deal.currency,
        )
        for organisation_id, amount_minor in paid.items()
        if amount_minor
    )
