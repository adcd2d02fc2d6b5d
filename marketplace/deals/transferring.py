"""From held funds to recorded title."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.assets.models import RightKind
from marketplace.assets.service import transfer_title
from marketplace.deals.errors import NothingToWaiveError, WaiverMissingError
from marketplace.deals.lifecycle import DealState
from marketplace.deals.models import Deal
from marketplace.deals.parties import lock_for
from marketplace.documents.service import disclose, has_disclosure
from marketplace.kernel.db import lock
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, move
from marketplace.listings.models import Listing
from marketplace.listings.service import system_move, withdraw_listings_of


async def fund(session: AsyncSession, deal_id: UUID) -> None:
    """Note that the price is held; told again, nothing happens."""
    deal = await lock(session, Deal, deal_id)
    if deal.state is DealState.SIGNED:
        move(session, deal, "fund", role=SYSTEM, actor=BY_SYSTEM)


async def file_transfer(session: AsyncSession, deal_id: UUID, *, actor: Actor) -> Deal:
    """The seller delivers: a transfer filed with the office, or an idea disclosed to the buyer.

    No office records an idea, so its seller has nothing to prove beyond the disclosure, and the
    buyer's confirmation completes it.
    """
    deal, role = await lock_for(session, deal_id, actor)
    move(session, deal, "file_transfer", role=role, actor=actor)
    if deal.right_kind is RightKind.IDEA:
        deal.recordal_waived_by_seller = True
        if not await has_disclosure(session, deal.right_id, purpose=deal.subject):
            await disclose(
                session,
                deal.right_id,
                to=deal.buyer_organisation_id,
                purpose=deal.subject,
                actor=actor,
            )
    return deal


async def waive_recordal(session: AsyncSession, deal_id: UUID, *, actor: Actor) -> Deal:
    """The seller agrees to do without recordal evidence; then the buyer may confirm."""
    deal, role = await lock_for(session, deal_id, actor)
    due_at = deal.due_at
    move(session, deal, "waive_recordal", role=role, actor=actor, due_at=due_at)
    if deal.recordal_waived_by_seller:
        raise NothingToWaiveError
    deal.recordal_waived_by_seller = True
    return deal


async def confirm_waiver(session: AsyncSession, deal_id: UUID, *, actor: Actor) -> Deal:
    """The buyer confirms delivery without recordal evidence; the title passes.

    Raises:
        WaiverMissingError: the seller has not waived.
    """
    deal, role = await lock_for(session, deal_id, actor)
    move(session, deal, "confirm_waiver", role=role, actor=actor)
    if not deal.recordal_waived_by_seller:
        raise WaiverMissingError
    await pass_title(session, deal, actor=actor)
    return deal


async def record(session: AsyncSession, deal_id: UUID, evidence: str, *, actor: Actor) -> Deal:
    """The operator saw the recordal in the office's register; the title passes."""
    deal, role = await lock_for(session, deal_id, actor)
    move(session, deal, "record", role=role, actor=actor)
    deal.recordal_evidence = evidence
    await pass_title(session, deal, actor=actor)
    return deal


async def reject_recordal(
    session: AsyncSession, deal_id: UUID, evidence: str, *, actor: Actor
) -> Deal:
    """The office refused the transfer; the seller has to file again, the money stays held."""
    deal, role = await lock_for(session, deal_id, actor)
    move(session, deal, "reject_recordal", role=role, actor=actor)
    deal.recordal_evidence = evidence
    return deal


async def pass_title(session: AsyncSession, deal: Deal, *, actor: Identity) -> None:
    """The right is the buyer's from this moment, and its listing is sold."""
    listing = await lock(session, Listing, deal.listing_id)
    if "sell" in listing.lifecycle.open_to(listing.state, SYSTEM):
        await system_move(session, listing, "sell", actor=BY_SYSTEM)
    await _transfer(session, deal, to=deal.buyer_organisation_id, actor=actor)
    deal.title_passed = True


async def return_title(session: AsyncSession, deal: Deal, *, actor: Identity) -> None:
    """The right is the seller's again, free of what the buyer offered meanwhile."""
    await _transfer(session, deal, to=deal.seller_organisation_id, actor=actor)
    deal.title_passed = False


async def _transfer(session: AsyncSession, deal: Deal, *, to: UUID, actor: Identity) -> None:
    await transfer_title(session, deal.right_id, to=to, basis=deal.subject, actor=actor)
    await withdraw_listings_of(session, deal.right_id)
