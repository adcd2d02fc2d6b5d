from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.organisations.queries import get_organisation
from marketplace.assets.consents.models import Consent
from marketplace.assets.consents.service import ask_all, require_consents
from marketplace.assets.encumbrances.checking import find_conflict, require_free
from marketplace.assets.encumbrances.kinds import Deed
from marketplace.assets.models import Right, RightKind
from marketplace.assets.queries import get_right
from marketplace.assets.standing.rules import TRADABLE
from marketplace.assets.standing.service import require_tradable
from marketplace.assets.title.queries import owns
from marketplace.assets.title.service import require_owner
from marketplace.documents.service import latest_body
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, begin, move
from marketplace.listings.bundles.models import ListingItem
from marketplace.listings.bundles.service import put_items, rights_of
from marketplace.listings.cards import refresh_card
from marketplace.listings.consenting import deeds_of, terms_of
from marketplace.listings.deal_types import BY_LICENSEES, DealType
from marketplace.listings.errors import ConfidentialTextMissingError
from marketplace.listings.licensing.opening import declare_open
from marketplace.listings.licensing.service import is_pooled, put_offer, type_of
from marketplace.listings.lifecycle import LIVE, OPERATOR, SELLER, ListingState
from marketplace.listings.models import Listing
from marketplace.listings.schemas import ListingCreate, ListingEdit


async def create_listing(session: AsyncSession, request: ListingCreate, *, actor: Actor) -> Listing:
    """Draft a listing of a right that the actor's organisation owns.

    Raises:
        NotFoundError: the right is not theirs.
        NotOwnerError: it was theirs, and is sold.
        AlreadyListedError: by the database, when the right has a live listing.
    """
    for right_id in [item.right_id for item in request.items] or [request.right_id]:
        await get_right(session, right_id, actor=actor)
        await require_owner(session, right_id, actor.organisation_id)
    listing = await draft_listing(session, request, type_of(request.licence), actor=actor)
    if request.licence:
        await put_offer(session, listing, request.licence)
    return listing


async def draft_listing(
    session: AsyncSession, request: ListingCreate, deal_type: DealType, *, actor: Actor
) -> Listing:
    """Write a draft down; the caller has seen that the actor may offer what it offers."""
    seller = await get_organisation(session, actor.organisation_id)
    listing = Listing(
        created_at=now(session),
        **request.model_dump(exclude={"licence", "items"}),
        deal_type=deal_type,
        bundled=bool(request.items),
        organisation_id=actor.organisation_id,
        region=seller.region or seller.country,
    )
    begin(session, listing, actor, right_id=listing.right_id)
    await session.flush()
    if request.items:
        await put_items(session, listing, request.items)
    return listing


async def publish_listing(
    session: AsyncSession, listing_id: UUID, *, actor: Actor, version: int | None
) -> Listing:
    """Show a draft to everyone.

    Raises:
        NotTradableError: the right lapsed, was invalidated or expired.
        RightRestrainedError: an office notes that it is held.
        EncumberedError, TrusteeOnlyError: it is attached, or held in trust by another.
        ConfidentialTextMissingError: an idea without the text that a buyer would get.
        ConsentsMissingError: another owner has not consented to these words and this price.
    """
    listing = await lock_for(session, listing_id, actor)
    for right_id in await rights_of(session, listing):
        await _require_offerable(session, listing, right_id)
    await _require_agreed(session, listing)
    listing.published_at = now(session)
    await _move(session, listing, "publish", actor, version)
    if listing.deal_type is DealType.OPEN:
        await declare_open(session, listing, actor=actor)
    return listing


async def _require_offerable(session: AsyncSession, listing: Listing, right_id: UUID) -> None:
    right = await session.get_one(Right, right_id)
    require_tradable(right)
    await require_free(session, right.id, Deed.LIST, by=listing.organisation_id)
    if await _is_by_owner(session, listing):
        await require_owner(session, right.id, listing.organisation_id)
    if right.kind is RightKind.IDEA and await latest_body(session, right.id) is None:
        raise ConfidentialTextMissingError


async def _is_by_owner(session: AsyncSession, listing: Listing) -> bool:
    return listing.deal_type not in BY_LICENSEES and not await is_pooled(session, listing)


async def _require_agreed(session: AsyncSession, listing: Listing) -> None:
    """Each right's other owners have consented; a licensee's, and those of a pool, did before."""
    if await _is_by_owner(session, listing):
        for deed in await deeds_of(session, listing):
            await require_consents(session, deed, use=True)


async def edit_listing(
    session: AsyncSession,
    listing_id: UUID,
    request: ListingEdit,
    *,
    actor: Actor,
    version: int | None,
) -> Listing:
    """Change what is given and keep the rest; the clock goes on. Given nothing, nothing happens.

    Raises:
        ConsentsMissingError: it is public, and another owner has not consented to the new terms.
    """
    listing = await lock_for(session, listing_id, actor)
    due_at = listing.due_at
    changed = request.model_dump(exclude_unset=True)
    if not changed:
        return listing
    role = role_of(listing, actor)
    move(
        session,
        listing,
        "edit",
        role=role,
        actor=actor,
        version=version,
        due_at=due_at,
        fields=sorted(changed),
    )
    for name, value in changed.items():
        setattr(listing, name, value)
    if listing.state is ListingState.PUBLISHED:
        await _require_agreed(session, listing)
    await refresh_card(session, listing)
    return listing


async def ask_owners(
    session: AsyncSession, listing_id: UUID, change: ListingEdit, *, actor: Actor
) -> Sequence[Consent]:
    """Ask the other owners of the right to agree to a listing, with what is to be changed of it.

    Raises:
        NotOwnerError: the listing's organisation owns nothing of the right any more.
        ConsentNotNeededError: nobody else has to agree.
    """
    listing = await lock_for(session, listing_id, actor)
    changed = change.model_dump(exclude_unset=True)
    terms = await terms_of(session, listing, changed)
    return await ask_all(session, await deeds_of(session, listing, changed), terms, actor=actor)


async def move_listing(
    session: AsyncSession, listing_id: UUID, name: str, *, actor: Actor, version: int | None
) -> Listing:
    """Withdraw or suspend a listing, as its lifecycle allows the actor's side."""
    listing = await lock_for(session, listing_id, actor)
    await _move(session, listing, name, actor, version)
    return listing


async def resume_listing(
    session: AsyncSession, listing_id: UUID, *, actor: Actor, version: int | None
) -> Listing:
    """Operator: show a suspended listing again."""
    listing = await lock_for(session, listing_id, actor)
    await _require_free(session, listing)
    await _move(session, listing, "resume", actor, version)
    return listing


async def operator_reopen(
    session: AsyncSession, listing_id: UUID, *, actor: Actor, version: int | None
) -> Listing:
    """Operator: show a reserved listing again, if it was ever shown."""
    listing = await lock_for(session, listing_id, actor)
    if listing.state is ListingState.RESERVED and listing.published_at is None:
        raise NotFoundError("no such listing")
    await _require_free(session, listing)
    await _move(session, listing, "reopen", actor, version)
    return listing


async def follow_right(session: AsyncSession, right_id: UUID) -> None:
    """Show the right's present status on its listing; of one that may not be listed, it is hidden.

    A right may not be listed that is out of force, attached, or held in trust by another.
    """
    for listing in await _lock_live(session, right_id):
        if listing.state is ListingState.PUBLISHED and not await _is_free(session, listing):
            await system_move(session, listing, "suspend", actor=BY_SYSTEM)
        else:
            await refresh_card(session, listing)


def _is_tradable(right: Right) -> bool:
    return right.legal_status in TRADABLE and right.restrained_since is None


async def withdraw_unowned(session: AsyncSession, right_id: UUID) -> None:
    """Take off the market what is offered by somebody who owns nothing of it any more."""
    for listing in await _lock_live(session, right_id):
        open_to = listing.lifecycle.open_to(listing.state, SYSTEM)
        if "withdraw" in open_to and not await owns(session, right_id, listing.organisation_id):
            await system_move(session, listing, "withdraw", actor=BY_SYSTEM)


async def withdraw_listings_of(session: AsyncSession, right_id: UUID) -> None:
    """Take a right off the market whose owner changed: only the owner may offer it."""
    for listing in await _lock_live(session, right_id):
        await system_move(session, listing, "withdraw", actor=BY_SYSTEM)


async def _lock_live(session: AsyncSession, right_id: UUID) -> list[Listing]:
    bundles = select(ListingItem.listing_id).where(col(ListingItem.right_id) == right_id)
    query = select(Listing.id).where(
        or_(col(Listing.right_id) == right_id, col(Listing.id).in_(bundles)),
        col(Listing.state).in_(LIVE),
        col(Listing.deal_type).not_in(BY_LICENSEES),
    )
    found = (await session.execute(query)).scalars().all()
    locked = [await lock(session, Listing, listing_id) for listing_id in found]
    return [listing for listing in locked if listing.state in LIVE]


async def system_move(
    session: AsyncSession, listing: Listing, name: str, *, actor: Identity, role: str = SYSTEM
) -> None:
    """Move a listing because of a deal (reserve, reopen, sell), a fact or the clock."""
    move(session, listing, name, role=role, actor=actor)
    await refresh_card(session, listing)


async def expire_listing(
    session: AsyncSession, listing: Listing, *, role: str, actor: Identity
) -> None:
    """Take a listing off the market that nobody renewed."""
    await system_move(session, listing, "expire", actor=actor, role=role)


async def reopen_listing(
    session: AsyncSession, listing: Listing, *, role: str, actor: Identity
) -> None:
    """Show a reserved listing again whose deal ended, or left no trace of an end.

    A right that fell out of force during the deal, or was attached, is not shown: its listing is
    suspended; one that was never public is retired.
    """
    if listing.published_at is None:
        move(session, listing, "retire", role=role, actor=actor)
        return
    is_free = await _is_free(session, listing)
    move(session, listing, "reopen", role=role, actor=actor)
    if not is_free:
        move(session, listing, "suspend", role=SYSTEM, actor=BY_SYSTEM)
    await refresh_card(session, listing)


async def _is_free(session: AsyncSession, listing: Listing) -> bool:
    by = listing.organisation_id
    for right_id in await rights_of(session, listing):
        right = await session.get_one(Right, right_id)
        conflict = await find_conflict(session, right_id, Deed.LIST, by=by)
        if conflict or not _is_tradable(right):
            return False
    return True


async def _require_free(session: AsyncSession, listing: Listing) -> None:
    for right_id in await rights_of(session, listing):
        require_tradable(await session.get_one(Right, right_id))
        await require_free(session, right_id, Deed.LIST, by=listing.organisation_id)


async def lock_for(session: AsyncSession, listing_id: UUID, actor: Actor) -> Listing:
    """Hold a listing that is the actor's, or any for an operator."""
    listing = await lock(session, Listing, listing_id)
    if listing.organisation_id != actor.organisation_id and not actor.is_operator:
        raise NotFoundError("no such listing")
    return listing


def role_of(listing: Listing, actor: Actor) -> str:
    return SELLER if listing.organisation_id == actor.organisation_id else OPERATOR


async def _move(
    session: AsyncSession, listing: Listing, name: str, actor: Actor, version: int | None
) -> None:
    role = role_of(listing, actor)
    move(session, listing, name, role=role, actor=actor, version=version)
    await refresh_card(session, listing)
