from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.organisations.queries import names_of
from marketplace.deals.brokers.models import BrokerConsent, BrokerPayment, DealBroker
from marketplace.deals.brokers.schemas import BrokerRead, BrokersRead, ConsentRead, PaidRead
from marketplace.deals.models import Deal
from marketplace.deals.payees.schemas import ShareRead
from marketplace.deals.rules import NO_BROKERS, Broker, Brokerage
from marketplace.deals.schemas import AgreementRead
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.schemas import Amount


async def brokers_of(session: AsyncSession, deal: Deal) -> Sequence[DealBroker]:
    """The brokers of both sides; none where nobody was named, without asking."""
    if not deal.brokered:
        return ()
    query = select(DealBroker).where(col(DealBroker.deal_id) == deal.id)
    ordered = query.order_by(col(DealBroker.side), col(DealBroker.position))
    return (await session.execute(ordered)).scalars().all()


async def brokerage_of(session: AsyncSession, deal: Deal) -> Brokerage:
    """By what a deal's brokers are paid, and what they were paid already."""
    found = await brokers_of(session, deal)
    if not found:
        return NO_BROKERS
    return Brokerage(tuple(_as_broker(one) for one in found), deal.brokerage_minor)


def _as_broker(one: DealBroker) -> Broker:
    return Broker.of(one.broker_organisation_id, one.commission_ppm, one.numerator, one.denominator)


async def require_visible(session: AsyncSession, deal_id: UUID, actor: Actor) -> Deal:
    """A deal for its parties, its brokers and the operator; NotFoundError for anybody else."""
    deal = await session.get(Deal, deal_id)
    own = actor.organisation_id
    sides = (deal.buyer_organisation_id, deal.seller_organisation_id) if deal else ()
    if deal and (actor.is_operator or own in sides or await is_broker(session, deal.id, own)):
        return deal
    raise NotFoundError("no such deal")


async def is_broker(session: AsyncSession, deal_id: UUID, organisation_id: UUID) -> bool:
    query = select(
        exists().where(
            col(DealBroker.deal_id) == deal_id,
            col(DealBroker.broker_organisation_id) == organisation_id,
        )
    )
    return bool((await session.execute(query)).scalar_one())


async def consents_of(session: AsyncSession, deal_id: UUID) -> Sequence[BrokerConsent]:
    """Every consent ever given in a deal, also those under texts that were changed since."""
    query = select(BrokerConsent).where(col(BrokerConsent.deal_id) == deal_id)
    return (await session.execute(query.order_by(col(BrokerConsent.id)))).scalars().all()


async def read_brokers(session: AsyncSession, deal: Deal, agreement: AgreementRead) -> BrokersRead:
    """Who acts for whom in a deal, for which share and amount, and who consented to it."""
    consents = await consents_of(session, deal.id)
    return BrokersRead(
        dual_agency=deal.dual_agency,
        brokers=await read_named(session, deal),
        consents=[_read_consent(one, agreement.sha256) for one in consents],
        paid=await _paid(session, deal),
        agreement=agreement,
    )


def _read_consent(one: BrokerConsent, sha256: str) -> ConsentRead:
    return ConsentRead(**one.model_dump(), holds=one.sha256 == sha256)


async def read_named(session: AsyncSession, deal: Deal) -> list[BrokerRead]:
    """The brokers with their names, and what each gets out of the whole price."""
    found = await brokers_of(session, deal)
    if not found:
        return []
    names = await names_of(session, {one.broker_organisation_id for one in found})
    whole = Brokerage(tuple(_as_broker(one) for one in found), 0)
    amounts = whole.divided(whole.due(deal.price_minor))
    return [
        BrokerRead(
            side=one.side,
            mandate_id=one.mandate_id,
            organisation_id=one.broker_organisation_id,
            name=names[one.broker_organisation_id],
            commission_ppm=one.commission_ppm,
            share=ShareRead(numerator=one.numerator, denominator=one.denominator),
            commission=Amount(amount_minor=amount_minor, currency=deal.currency),
        )
        for one, amount_minor in zip(found, amounts, strict=True)
    ]


async def _paid(session: AsyncSession, deal: Deal) -> list[PaidRead]:
    by = col(BrokerPayment.broker_organisation_id)
    query = (
        select(by, func.sum(col(BrokerPayment.amount_minor)))
        .where(col(BrokerPayment.deal_id) == deal.id)
        .group_by(by)
        .order_by(by)
    )
    return [
        PaidRead(
            organisation_id=row[0],
            amount=Amount(amount_minor=int(row[1]), currency=deal.currency),
        )
        for row in await session.execute(query)
    ]
