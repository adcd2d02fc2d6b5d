"""Where held funds go: release, refund, dispute and its resolution, reversal."""

from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.assets.models import Right
from marketplace.assets.service import current_owner, is_reserved
from marketplace.deals.errors import InvalidSplitError, TitleNotReturnableError
from marketplace.deals.models import Deal
from marketplace.deals.parties import lock_for
from marketplace.deals.settlement import divide, fact, require_in_force, settle
from marketplace.deals.signing import free_right
from marketplace.deals.transferring import pass_title, return_title
from marketplace.documents.service import revoke_disclosures
from marketplace.kernel.db import driver_connection, lock, now
from marketplace.kernel.lifecycle import Identity, move, require_locked
from marketplace.payments.funding import service as funding
from marketplace.payments.ledger.service import post

_LEGAL_STATUS: Final = text("SELECT legal_status FROM ip_right WHERE id = :right_id")


async def release(session: AsyncSession, deal: Deal, *, role: str, actor: Identity) -> None:
    """Pay the seller: price less commission becomes payable. The right must still be in force.

    Raises:
        NotTradableError: it lapsed, expired or was invalidated since; nothing changed.
    """
    row = await session.execute(_LEGAL_STATUS, {"right_id": deal.right_id})
    require_in_force(row.scalar_one())
    await _settle(session, deal, "release", deal.price_minor, role=role, actor=actor)


async def refund(session: AsyncSession, deal: Deal, *, role: str, actor: Identity) -> None:
    """Give the buyer the whole price back, and the seller the right."""
    move(session, deal, "refund", role=role, actor=actor)
    await _unwind(session, deal, actor=actor)


async def dispute(session: AsyncSession, deal_id: UUID, reason: str, *, actor: Actor) -> Deal:
    """Freeze the held funds until the operator decides."""
    deal, role = await lock_for(session, deal_id, actor)
    move(session, deal, "dispute", role=role, actor=actor)
    deal.dispute_reason = reason
    return deal


async def escalate(session: AsyncSession, deal: Deal, *, role: str, actor: Identity) -> None:
    """Nobody proved the recordal in time: the operator has to decide."""
    move(session, deal, "escalate", role=role, actor=actor)


async def resolve_release(session: AsyncSession, deal: Deal, *, role: str, actor: Identity) -> None:
    """Decide a dispute for the seller: the price is released and the title is the buyer's."""
    await _settle(session, deal, "resolve_release", deal.price_minor, role=role, actor=actor)


async def resolve_refund(session: AsyncSession, deal: Deal, *, role: str, actor: Identity) -> None:
    """Decide a dispute for the buyer: the price goes back and the title is the seller's."""
    move(session, deal, "resolve_refund", role=role, actor=actor)
    await _unwind(session, deal, actor=actor)


async def resolve_split(
    session: AsyncSession, deal: Deal, to_seller_minor: int, *, role: str, actor: Identity
) -> None:
    """Decide a dispute between the sides: a part is released, the rest refunded.

    The buyer keeps or gets the title: a split is a price reduction.
    """
    deal.lifecycle.step(deal.state, "resolve_split", role=role)
    if not 0 < to_seller_minor < deal.price_minor:
        raise InvalidSplitError(f"to_seller_minor is between 1 and {deal.price_minor - 1}")
    await _settle(session, deal, "resolve_split", to_seller_minor, role=role, actor=actor)


async def reverse(session: AsyncSession, deal: Deal, *, role: str, actor: Identity) -> None:
    """Undo a settled deal: money, commission and title go back.

    The seller may come to owe the platform; the next payables are set off against it.

    Raises:
        TitleNotReturnableError: the buyer has sold the right, or is selling it.
    """
    move(session, deal, "reverse", role=role, actor=actor, **fact(deal, deal.released_minor))
    await _require_returnable(session, deal)
    await funding.reverse(
        session,
        subject=deal.subject,
        currency=deal.currency,
        seller=deal.seller_organisation_id,
        buyer=deal.buyer_organisation_id,
        released_minor=deal.released_minor,
        commission_minor=deal.commission_minor,
    )
    await return_title(session, deal, actor=actor)
    await revoke_disclosures(session, purpose=deal.subject)


async def _require_returnable(session: AsyncSession, deal: Deal) -> None:
    """The lock on the right makes this exact: who opens a deal over it takes the same lock."""
    await lock(session, Right, deal.right_id)
    owner = await current_owner(session, deal.right_id)
    if owner != deal.buyer_organisation_id or await is_reserved(session, deal.right_id):
        raise TitleNotReturnableError


async def _settle(
    session: AsyncSession,
    deal: Deal,
    name: str,
    to_seller_minor: int,
    *,
    role: str,
    actor: Identity,
) -> None:
    """Distribute what is held. The event carries the fact that statistics count."""
    require_locked(session, deal)
    connection = await driver_connection(session)
    at = now(session)
    await settle(connection, deal, name, to_seller_minor, role=role, actor=actor, at=at)
    await session.refresh(deal)
    if not deal.title_passed:
        await pass_title(session, deal, actor=actor)


async def _unwind(session: AsyncSession, deal: Deal, *, actor: Identity) -> None:
    divided = divide(deal, 0)
    divided.apply_to(deal)
    await post(session, divided.booking(deal))
    if deal.title_passed:
        await return_title(session, deal, actor=actor)
    await revoke_disclosures(session, purpose=deal.subject)
    await free_right(session, deal)
