"""From held funds to recorded title."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.assets.encumbrances.terms import Registration
from marketplace.assets.filings.queries import ideas_of
from marketplace.assets.knowing import learn
from marketplace.assets.models import Right, RightKind
from marketplace.assets.standing.service import OPERATOR, note_check, reproject
from marketplace.assets.title.queries import owns
from marketplace.assets.title.recordal import NO_DATES, Recordal
from marketplace.assets.title.service import HERE, return_title, transfer_title
from marketplace.deals.auctions.deposits import use_deposit
from marketplace.deals.bundles.service import rights_of
from marketplace.deals.co_owners.service import require_owners_of_now
from marketplace.deals.errors import NothingToWaiveError, WaiverMissingError
from marketplace.deals.licences import service as licences
from marketplace.deals.lifecycle import DealState
from marketplace.deals.models import Deal
from marketplace.deals.parties import lock_for
from marketplace.deals.parts.service import require_paid_before
from marketplace.documents.service import disclose, has_disclosure
from marketplace.kernel.db import lock, now
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, move
from marketplace.listings.deal_types import DealType
from marketplace.listings.lifecycle import ListingState
from marketplace.listings.models import Listing
from marketplace.listings.service import system_move, withdraw_listings_of


async def fund(session: AsyncSession, deal_id: UUID) -> None:
    """Note that the price is held; told again, nothing happens."""
    deal = await lock(session, Deal, deal_id)
    if deal.state is DealState.SIGNED:
        await use_deposit(session, deal)
        move(session, deal, "fund", role=SYSTEM, actor=BY_SYSTEM)


async def file_transfer(session: AsyncSession, deal_id: UUID, *, actor: Actor) -> Deal:
    """The seller delivers: a transfer filed with the office, or an idea disclosed to the buyer.

    No office records an idea, so its seller has nothing to prove beyond the disclosure, and the
    buyer's confirmation completes it.

    Raises:
        IllegalMoveError: the deal is not funded; of a price in parts, it says which are missing.
    """
    deal, role = await lock_for(session, deal_id, actor)
    if deal.state is DealState.SIGNED:
        await require_paid_before(session, deal)
    move(session, deal, "file_transfer", role=role, actor=actor)
    deal.recordal_waived_by_seller |= await _disclose_ideas(session, deal, actor=actor)
    return deal


async def _disclose_ideas(session: AsyncSession, deal: Deal, *, actor: Identity) -> bool:
    """Let the buyer read the ideas that are sold or licensed, and those that were filed as such.

    Returns:
        Whether no office is concerned, as every right is an idea.
    """
    rights = [await session.get_one(Right, one) for one in await rights_of(session, deal)]
    ideas = [right.id for right in rights if right.kind is RightKind.IDEA]
    seller = deal.seller_organisation_id
    filed = await ideas_of(session, [right.id for right in rights], owner=seller)
    for right_id in sorted({*ideas, *filed}):
        if not await owns(session, right_id, seller):
            continue  # a sub-licence: its owner decides who reads
        if not await has_disclosure(session, right_id, purpose=deal.subject):
            await disclose(
                session,
                right_id,
                to=deal.buyer_organisation_id,
                purpose=deal.subject,
                actor=actor,
                granted_by=seller,
                survives_transfer=deal.type is not DealType.SALE,
            )
    return len(ideas) == len(rights)


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
    session: AsyncSession,
    deal_id: UUID,
    evidence: str,
    recordal: Recordal = NO_DATES,
    *,
    actor: Actor,
) -> Deal:
    """The operator saw the recordal in the office's register; title or licence take effect.

    It counts as a look at the register, which the release asks for.

    Raises:
        ConsentsMissingError: a share of a right went to somebody who never consented.
        RankTakenError: by the database, when another licence has this order of receipt.
    """
    deal, role = await lock_for(session, deal_id, actor)
    move(session, deal, "record", role=role, actor=actor)
    deal.recordal_evidence = evidence
    if deal.type is not DealType.SALE:
        await licences.register(session, deal, _entry(session, evidence, recordal), actor=actor)
    await pass_title(session, deal, actor=actor, recordal=recordal, source=evidence)
    await _look_up(session, deal, evidence, actor=actor)
    return deal


def _entry(session: AsyncSession, evidence: str, recordal: Recordal) -> Registration:
    """The office's entry of a licence, whose receipt gives it its rank."""
    return Registration(
        number=recordal.recordal_number or evidence,
        received_on=recordal.received_on or now(session).date(),
        receipt_order=recordal.receipt_order or 1,
        recorded_on=recordal.recorded_on,
        gazetted_on=recordal.gazetted_on,
        effective_on=recordal.effective_on,
    )


async def _look_up(session: AsyncSession, deal: Deal, source: str, *, actor: Actor) -> None:
    for right_id in sorted(await rights_of(session, deal)):
        right, known_at = await learn(session, right_id)
        if right.kind is RightKind.IDEA:
            continue
        await note_check(
            session,
            right,
            origin=OPERATOR,
            as_of=known_at.date(),
            source=source,
            recorded_by=actor.organisation_id,
        )
        await reproject(session, right, actor=actor)


async def reject_recordal(
    session: AsyncSession, deal_id: UUID, evidence: str, *, actor: Actor
) -> Deal:
    """The office refused the transfer; the seller has to file again, the money stays held."""
    deal, role = await lock_for(session, deal_id, actor)
    move(session, deal, "reject_recordal", role=role, actor=actor)
    deal.recordal_evidence = evidence
    return deal


async def pass_title(
    session: AsyncSession,
    deal: Deal,
    *,
    actor: Identity,
    recordal: Recordal = NO_DATES,
    source: str = HERE,
) -> None:
    """The rights are the buyer's, all shares of them, or licensed to them; the listing is sold.

    A listing of licences that others may have too stays on the market. The rights are held before
    the listing, as by those who open deals.
    """
    right_ids = sorted(await rights_of(session, deal))
    for right_id in right_ids:
        await learn(session, right_id)
    await require_owners_of_now(session, deal)
    listing = await lock(session, Listing, deal.listing_id)
    taken = listing.state is ListingState.RESERVED or deal.type is DealType.SALE
    if taken and "sell" in listing.lifecycle.open_to(listing.state, SYSTEM):
        await system_move(session, listing, "sell", actor=BY_SYSTEM)
    if deal.type is not DealType.SALE:
        await licences.take_effect(session, deal)
        await _disclose_ideas(session, deal, actor=actor)
        deal.title_passed = True
        return
    to = deal.buyer_organisation_id
    told: dict[str, Any] = {"basis": deal.subject, "recordal": recordal, "source": source}
    for right_id in right_ids:
        await transfer_title(session, right_id, to=to, actor=actor, **told)
        await withdraw_listings_of(session, right_id)
    deal.title_passed = True


async def give_back_title(session: AsyncSession, deal: Deal, *, actor: Identity) -> None:
    """The rights are their former owners' again, free of what the buyer offered meanwhile."""
    deal.title_passed = False
    await licences.undo(session, deal, actor=actor)
    if deal.type is not DealType.SALE:
        return
    for right_id in sorted(await rights_of(session, deal)):
        await return_title(session, right_id, basis=deal.subject, actor=actor)
        await withdraw_listings_of(session, right_id)
