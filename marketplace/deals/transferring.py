"""From held funds to recorded title."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.assets.knowing import learn
from marketplace.assets.models import RightKind
from marketplace.assets.standing.service import OPERATOR, note_check, reproject
from marketplace.assets.title.service import HERE, NO_DATES, Recordal, return_title, transfer_title
from marketplace.deals.co_owners.service import require_owners_of_now
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
                granted_by=actor.organisation_id,
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


async def record(
    session: AsyncSession,
    deal_id: UUID,
    evidence: str,
    recordal: Recordal = NO_DATES,
    *,
    actor: Actor,
) -> Deal:
    """The operator saw the recordal in the office's register; the title passes.

    It counts as a look at the register, which the release asks for.

    Raises:
        ConsentsMissingError: a share of the right went to somebody who never consented.
    """
    deal, role = await lock_for(session, deal_id, actor)
    move(session, deal, "record", role=role, actor=actor)
    deal.recordal_evidence = evidence
    await pass_title(session, deal, actor=actor, recordal=recordal, source=evidence)
    await _look_up(session, deal, evidence, actor=actor)
    return deal


async def _look_up(session: AsyncSession, deal: Deal, source: str, *, actor: Actor) -> None:
    if deal.right_kind is RightKind.IDEA:
        return
    right, known_at = await learn(session, deal.right_id)
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
    """The right is the buyer's, all shares of it, and its listing is sold.

    The right is held before the listing, as by those who open deals.
    """
    await learn(session, deal.right_id)
    await require_owners_of_now(session, deal)
    listing = await lock(session, Listing, deal.listing_id)
    if "sell" in listing.lifecycle.open_to(listing.state, SYSTEM):
        await system_move(session, listing, "sell", actor=BY_SYSTEM)
    await transfer_title(
        session,
        deal.right_id,
        to=deal.buyer_organisation_id,
        basis=deal.subject,
        actor=actor,
        recordal=recordal,
        source=source,
    )
    await withdraw_listings_of(session, deal.right_id)
    deal.title_passed = True


async def give_back_title(session: AsyncSession, deal: Deal, *, actor: Identity) -> None:
    """The right is its former owners' again, free of what the buyer offered meanwhile."""
    await return_title(session, deal.right_id, basis=deal.subject, actor=actor)
    await withdraw_listings_of(session, deal.right_id)
    deal.title_passed = False
