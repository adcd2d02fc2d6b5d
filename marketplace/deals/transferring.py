"""From held funds to recorded title."""

from datetime import date
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.assets.encumbrances.terms import Registration
from marketplace.assets.models import Right, RightKind
from marketplace.assets.service import transfer_title
from marketplace.deals.bundles.service import rights_of
from marketplace.deals.errors import NothingToWaiveError, WaiverMissingError
from marketplace.deals.licences import service as licences
from marketplace.deals.lifecycle import DealState
from marketplace.deals.models import Deal
from marketplace.deals.parties import lock_for
from marketplace.documents.service import disclose, has_disclosure
from marketplace.kernel.db import lock, now
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, move
from marketplace.listings.deal_types import DealType
from marketplace.listings.lifecycle import ListingState
from marketplace.listings.models import Listing
from marketplace.listings.service import system_move, withdraw_listings_of


class Receipt(Protocol):
    """When the office received what it registered, which gives a licence its rank."""

    @property
    def received_on(self) -> date | None: ...

    @property
    def receipt_order(self) -> int: ...


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
    await _disclose_ideas(session, deal, actor=actor)
    return deal


async def _disclose_ideas(session: AsyncSession, deal: Deal, *, actor: Actor) -> None:
    rights = [await session.get_one(Right, one) for one in await rights_of(session, deal)]
    ideas = [right.id for right in rights if right.kind is RightKind.IDEA]
    if len(ideas) == len(rights):
        deal.recordal_waived_by_seller = True
    for right_id in ideas:
        if not await has_disclosure(session, right_id, purpose=deal.subject):
            to = deal.buyer_organisation_id
            await disclose(session, right_id, to=to, purpose=deal.subject, actor=actor)


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


async def record(
    session: AsyncSession, deal_id: UUID, evidence: str, *, receipt: Receipt, actor: Actor
) -> Deal:
    """The operator saw the recordal in the office's register; title or licence take effect."""
    deal, role = await lock_for(session, deal_id, actor)
    move(session, deal, "record", role=role, actor=actor)
    deal.recordal_evidence = evidence
    if deal.type is not DealType.SALE:
        received_on = receipt.received_on or now(session).date()
        entry = Registration(evidence, received_on, receipt.receipt_order)
        await licences.register(session, deal, entry, actor=actor)
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
    """The rights are the buyer's from this moment, or licensed to them, and the listing is sold.

    A listing of licences that others may have too stays on the market.
    """
    listing = await lock(session, Listing, deal.listing_id)
    taken = listing.state is ListingState.RESERVED or deal.type is DealType.SALE
    if taken and "sell" in listing.lifecycle.open_to(listing.state, SYSTEM):
        await system_move(session, listing, "sell", actor=BY_SYSTEM)
    if deal.type is DealType.SALE:
        await _transfer(session, deal, to=deal.buyer_organisation_id, actor=actor)
    else:
        await licences.take_effect(session, deal)
    deal.title_passed = True


async def return_title(session: AsyncSession, deal: Deal, *, actor: Identity) -> None:
    """The rights are the seller's again, free of what the buyer offered meanwhile."""
    if deal.type is DealType.SALE:
        await _transfer(session, deal, to=deal.seller_organisation_id, actor=actor)
    else:
        await licences.undo(session, deal, actor=actor)
    deal.title_passed = False


async def _transfer(session: AsyncSession, deal: Deal, *, to: UUID, actor: Identity) -> None:
    for right_id in sorted(await rights_of(session, deal)):
        await transfer_title(session, right_id, to=to, basis=deal.subject, actor=actor)
        await withdraw_listings_of(session, right_id)
