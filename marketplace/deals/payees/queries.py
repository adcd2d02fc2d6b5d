from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.models import Organisation
from marketplace.deals.brokers.queries import brokers_of
from marketplace.deals.models import Deal
from marketplace.deals.parts.queries import deal_of
from marketplace.deals.payees.models import DealPayee, PayeeRole
from marketplace.deals.payees.schemas import PayeeRead, ShareRead


async def payees_of(session: AsyncSession, deal: Deal) -> Sequence[DealPayee]:
    """Those named, in their order; none where the seller gets everything."""
    if not deal.shared:
        return ()
    query = (
        select(DealPayee).where(col(DealPayee.deal_id) == deal.id).order_by(col(DealPayee.position))
    )
    return (await session.execute(query)).scalars().all()


async def read_payees(session: AsyncSession, deal: Deal) -> list[PayeeRead]:
    """Everybody who gets a share of the price; the seller alone where nobody was named."""
    found = await payees_of(session, deal)
    shares = [(p.organisation_id, p.role, p.numerator, p.denominator) for p in found]
    if not shares:
        shares = [(deal.seller_organisation_id, PayeeRole.SELLER, 1, 1)]
    query = select(Organisation.id, Organisation.name).where(
        col(Organisation.id).in_([share[0] for share in shares])
    )
    names = {row.id: row.name for row in (await session.execute(query)).all()}
    return [
        PayeeRead(
            organisation_id=organisation_id,
            name=names[organisation_id],
            role=role,
            share=ShareRead(numerator=numerator, denominator=denominator),
        )
        for organisation_id, role, numerator, denominator in shares
    ]


async def paid_from(session: AsyncSession, subject: str) -> Sequence[UUID]:
    """Who will be paid from what is held for a deal or a part of one; nobody for anything else."""
    deal = await deal_of(session, subject)
    if deal is None:
        return ()
    named = await payees_of(session, deal)
    paid = [payee.organisation_id for payee in named] or [deal.seller_organisation_id]
    brokers = [one.broker_organisation_id for one in await brokers_of(session, deal)]
    return list(dict.fromkeys([*paid, *brokers]))
