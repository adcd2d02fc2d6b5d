from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import Path

from marketplace.accounts.access import Keys
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError
from marketplace.deals.access import MOVE_ERRORS, Party, Performer, Reader
from marketplace.deals.parts import service
from marketplace.deals.parts.errors import InvalidPartsError, PartNotDueError
from marketplace.deals.parts.schemas import PARTS_MAX, PartRead, PartsPlan
from marketplace.deals.queries import get_deal, read_agreement, read_parts
from marketplace.deals.schemas import AgreementRead
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.payments.access import Ways
from marketplace.payments.errors import RequestNotOpenError
from marketplace.payments.providers.port import WaysToPay

router = transactional_router(prefix="/v1/deals", tags=["deals in parts"])
Number = Annotated[int, Path(ge=1, le=PARTS_MAX)]
Move = Callable[..., Awaitable[None]]


async def _moved(
    session: Session, deal_id: UUID, number: int, actor: Actor, ways: WaysToPay, make: Move
) -> PartRead:
    """Lock a deal and its part, make a move that the clock could also make, and read it again."""
    deal, part, role = await service.lock_part(session, deal_id, number, actor)
    await make(session, deal, part, role=role, actor=actor)
    await session.flush()
    return (await read_parts(session, deal, actor, ways))[number - 1]


@router.post("/{deal_id}/plan-parts", responses=problems(*MOVE_ERRORS, InvalidPartsError))
async def plan_deal_parts(
    deal_id: UUID, request: PartsPlan, actor: Performer, session: Session, keys: Keys
) -> AgreementRead:
    """Before the signature, agree on instalments and milestones that sum to the price.

    Each is paid into held funds on its own. What is due before the transfer has to be held before
    the seller files it; nothing is released before the right has passed. This voids a signature
    under the text before.
    """
    deal = await service.plan_parts(session, keys, deal_id, request.parts, actor=actor)
    return await read_agreement(session, deal)


@router.get("/{deal_id}/parts", responses=problems(InvalidTokenError, NotFoundError))
async def deal_parts(deal_id: UUID, actor: Reader, session: Session, ways: Ways) -> list[PartRead]:
    """The parts of a deal's price: what is due when, how to pay it, and what you can do now."""
    deal = await get_deal(session, deal_id, actor=actor)
    return await read_parts(session, deal, actor, ways)


@router.post("/{deal_id}/parts/{number}/request", responses=problems(*MOVE_ERRORS))
async def request_part(
    deal_id: UUID, number: Number, actor: Party, session: Session, ways: Ways
) -> PartRead:
    """Buyer: pay a part before its day. Any side: ask again for one that was not paid in time."""
    return await _moved(session, deal_id, number, actor, ways, service.request)


@router.post("/{deal_id}/parts/{number}/confirm-milestone", responses=problems(*MOVE_ERRORS))
async def confirm_milestone(
    deal_id: UUID, number: Number, actor: Party, session: Session, ways: Ways
) -> PartRead:
    """Buyer or operator: what a part is paid for has happened; the buyer is asked to pay it."""
    return await _moved(session, deal_id, number, actor, ways, service.confirm_milestone)


@router.post("/{deal_id}/parts/{number}/release", responses=problems(*MOVE_ERRORS, PartNotDueError))
async def release_part(
    deal_id: UUID, number: Number, actor: Party, session: Session, ways: Ways
) -> PartRead:
    """Buyer or operator: release a part paid after the right had passed; or three days pass."""
    return await _moved(session, deal_id, number, actor, ways, service.release)


@router.post("/{deal_id}/parts/{number}/refund", responses=problems(*MOVE_ERRORS, PartNotDueError))
async def refund_part(
    deal_id: UUID, number: Number, actor: Party, session: Session, ways: Ways
) -> PartRead:
    """Seller or operator: give a held part back to the buyer, and reduce the price by it."""
    return await _moved(session, deal_id, number, actor, ways, service.refund)


@router.post(
    "/{deal_id}/parts/{number}/forgo",
    responses=problems(*MOVE_ERRORS, PartNotDueError, RequestNotOpenError),
)
async def forgo_part(
    deal_id: UUID, number: Number, actor: Party, session: Session, ways: Ways
) -> PartRead:
    """Seller or operator: do without a part that was not paid, and reduce the price by it."""
    return await _moved(session, deal_id, number, actor, ways, service.forgo)
