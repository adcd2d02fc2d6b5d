from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.accounts.actors import Actor
from marketplace.deals.lifecycle import ASKED_AS, DealState
from marketplace.deals.models import Deal
from marketplace.deals.parties import role_in
from marketplace.deals.parts.models import DealPart
from marketplace.deals.parts.queries import moves_of, parts_of, requests_of, subjects_of
from marketplace.deals.parts.schemas import PartRead
from marketplace.deals.payees.queries import paid_from, read_payees
from marketplace.deals.schemas import AgreementRead, DealDetail, DealRead, SignatureRead
from marketplace.documents.signatures import newest, signatures_of
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id
from marketplace.kernel.schemas import Amount
from marketplace.listings.deal_types import DealType
from marketplace.payments.funding.service import held_minor, request_of
from marketplace.payments.online.instructions import instructions
from marketplace.payments.online.schemas import PaymentInstructions
from marketplace.payments.providers.port import WaysToPay

_AMOUNTS = {
    "price": "price_minor",
    "commission": "commission_minor",
    "released": "released_minor",
    "refunded": "refunded_minor",
    "vat": "vat_minor",
    "commission_vat": "commission_vat_minor",
    "withheld": "withheld_minor",
    "brokerage": "brokerage_minor",
    "returned": "returned_minor",
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
    """A deal of the actor's; NotFoundError for any other."""
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
    moves = _moves(deal, role) if role else []
    return DealRead(**own, **amounts, your_role=role, your_moves=moves)


def _moves(deal: Deal, role: str) -> list[str]:
    """What a role may ask for. A dispute is decided, not reversed; one waives once.

    An open licence is taken where it is offered; a sale has no terms of a licence.
    """
    hidden = {"take"}
    if deal.type is DealType.SALE:
        hidden.add("set_terms")
    if deal.state == DealState.DISPUTED_AFTER_RECORDAL:
        hidden.add("unwind")
    if deal.recordal_waived_by_seller:
        hidden.add("waive_recordal")
    names = deal.lifecycle.open_to(deal.state, role)
    return list(dict.fromkeys(ASKED_AS.get(name, name) for name in names if name not in hidden))


async def read_detail(
    session: AsyncSession, deal: Deal, actor: Actor, ways: WaysToPay
) -> DealDetail:
    """A deal with the money held for it now, and how its buyer pays: in one of some ways."""
    request = await request_of(session, deal.subject)
    held = await held_minor(session, await subjects_of(session, deal), deal.currency)
    asked = [request] if request else []
    payees = await paid_from(session, deal.subject)
    payments = await instructions(session, asked, ways, payees)
    return DealDetail(
        **read_deal(deal, actor).model_dump(),
        held=Amount(amount_minor=held, currency=deal.currency),
        payment=payments[request.id] if request else None,
        payees=await read_payees(session, deal),
    )


async def read_parts(
    session: AsyncSession, deal: Deal, actor: Actor, ways: WaysToPay
) -> list[PartRead]:
    """The parts of a deal's price as the actor sees them, with how to pay each."""
    parts = await parts_of(session, deal)
    requests = await requests_of(session, [part.subject for part in parts])
    payees = await paid_from(session, deal.subject)
    payments = await instructions(session, requests.values(), ways, payees)
    by_subject = {subject: payments[request.id] for subject, request in requests.items()}
    role = role_in(deal, actor)
    return [
        _read_part(part, by_subject.get(part.subject), moves_of(deal, part, role)) for part in parts
    ]


def _read_part(part: DealPart, payment: PaymentInstructions | None, moves: list[str]) -> PartRead:
    amounts = {
        name: Amount(amount_minor=getattr(part, f"{name}_minor"), currency=part.currency)
        for name in ("amount", "vat", "released", "refunded")
    }
    own = {
        name: getattr(part, name)
        for name in PartRead.model_fields.keys() & DealPart.model_fields.keys()
    }
    return PartRead(**own, **amounts, payment=payment, your_moves=moves)


async def read_agreement(session: AsyncSession, deal: Deal) -> AgreementRead:
    """The present text, and who has signed exactly this text."""
    document = await newest(session, deal.subject)
    signatures = await signatures_of(session, document)
    return AgreementRead(
        sha256=document.sha256,
        content=document.content,
        signatures=[SignatureRead.model_validate(signature) for signature in signatures],
    )
