from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.accounts.actors import Actor
from marketplace.financing.access import BORROWER, LENDER
from marketplace.financing.offers.models import LoanOffer
from marketplace.financing.offers.schemas import LoanOfferRead
from marketplace.financing.requests.models import FinancingRequest
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id
from marketplace.kernel.schemas import Amount


def visible_to(actor: Actor) -> SelectOfScalar[LoanOffer]:
    """A lender's own, and those for a request of one's own."""
    query = select(LoanOffer)
    if actor.is_operator:
        return query
    own = actor.organisation_id
    query = query.join(FinancingRequest, col(FinancingRequest.id) == col(LoanOffer.request_id))
    return query.where(
        or_(
            col(LoanOffer.lender_organisation_id) == own,
            col(FinancingRequest.borrower_organisation_id) == own,
        )
    )


async def get_offer(session: AsyncSession, offer_id: UUID, *, actor: Actor) -> LoanOffer:
    """One that the actor may read.

    Raises:
        NotFoundError: there is none.
    """
    query = visible_to(actor).where(col(LoanOffer.id) == offer_id)
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFoundError("no such loan offer")
    return found


async def offers_for(session: AsyncSession, request_id: UUID, actor: Actor) -> Sequence[LoanOffer]:
    """What the actor may read of a request's offers, the cheapest first; at most a hundred."""
    query = visible_to(actor).where(col(LoanOffer.request_id) == request_id)
    query = query.order_by(col(LoanOffer.effective_cost_basis_points), col(LoanOffer.id)).limit(100)
    return (await session.execute(query)).scalars().all()


async def offers_page(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[LoanOffer], str | None]:
    """The actor's offers, made and received, newest first."""
    return await page_by_id(session, visible_to(actor), LoanOffer, cursor=cursor, limit=limit)


def read_offer(offer: LoanOffer, actor: Actor) -> LoanOfferRead:
    mine = offer.lender_organisation_id == actor.organisation_id
    role = LENDER if mine else BORROWER
    own = LoanOfferRead.model_fields.keys() & LoanOffer.model_fields.keys()
    return LoanOfferRead(
        **{name: getattr(offer, name) for name in own},
        amount=Amount(amount_minor=offer.amount_minor, currency=offer.currency),
        your_moves=[] if actor.is_operator else offer.lifecycle.open_to(offer.state, role),
    )
