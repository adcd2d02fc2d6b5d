from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.accounts.actors import Actor
from marketplace.deals.models import Deal
from marketplace.deals.parties import role_in
from marketplace.deals.payees import payees_of
from marketplace.deals.schemas import AgreementRead, DealDetail, DealRead, SignatureRead
from marketplace.documents.signatures import newest, signatures_of
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id
from marketplace.kernel.schemas import Amount
from marketplace.payments.funding.service import held_minor, request_of
from marketplace.payments.online.instructions import instructions
from marketplace.payments.providers.bank.bank_account import BankAccount
from marketplace.payments.providers.port import PaymentProvider

_AMOUNTS = {
    "price": "price_minor",
    "commission": "commission_minor",
    "released": "released_minor",
    "refunded": "refunded_minor",
}

_OWN = DealRead.model_fields.keys() & Deal.model_fields.keys()


def visible_to(actor: Actor) -> SelectOfScalar[Deal]:
    """Deals are between their parties, and open to the operator."""
    query = select(Deal)
    if actor.is_operator:
        return query
    own = actor.organisation_id
    return query.where(
        or_(col(Deal.buyer_organisation_id) == own, col(Deal.seller_organisation_id) == own)
    )


async def get_deal(session: AsyncSession, deal_id: UUID, *, actor: Actor) -> Deal:
    query = visible_to(actor).where(col(Deal.id) == deal_id)
    deal = (await session.execute(query)).scalar_one_or_none()
    if deal is None:
        raise NotFoundError("no such deal")
    return deal


async def deals_of(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[Deal], str | None]:
    """The actor's deals, newest first."""
    return await page_by_id(session, visible_to(actor), Deal, cursor=cursor, limit=limit)


def read_deal(deal: Deal, actor: Actor) -> DealRead:
    """A deal as the actor sees it, with the moves that are open to them."""
    role = role_in(deal, actor)
    amounts = {
        name: Amount(amount_minor=getattr(deal, column), currency=deal.currency)
        for name, column in _AMOUNTS.items()
    }
    own = {name: getattr(deal, name) for name in _OWN}
    moves = deal.lifecycle.open_to(deal.state, role) if role else []
    return DealRead(**own, **amounts, your_role=role, your_moves=moves)


async def read_detail(
    session: AsyncSession,
    deal: Deal,
    actor: Actor,
    pay_to: BankAccount,
    providers: Iterable[PaymentProvider],
) -> DealDetail:
    request = await request_of(session, deal.subject)
    held = await held_minor(session, deal.subject, deal.currency)
    payees = await payees_of(session, deal.subject)
    payment = await instructions(session, request, pay_to, providers, payees) if request else None
    return DealDetail(
        **read_deal(deal, actor).model_dump(),
        held=Amount(amount_minor=held, currency=deal.currency),
        payment=payment,
    )


async def read_agreement(session: AsyncSession, deal: Deal) -> AgreementRead:
    """The present text, and who has signed exactly this text."""
    document = await newest(session, deal.subject)
    signatures = await signatures_of(session, document)
    return AgreementRead(
        sha256=document.sha256,
        content=document.content,
        signatures=[SignatureRead.model_validate(signature) for signature in signatures],
    )
