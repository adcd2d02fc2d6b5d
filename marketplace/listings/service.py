from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.organisations.queries import get_organisation
from marketplace.assets.consents.models import Consent
from marketplace.assets.consents.service import ask, require_consents
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
from marketplace.listings.cards import refresh_card
from marketplace.listings.consenting import deed_of, terms_of
from marketplace.listings.errors import ConfidentialTextMissingError
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
    await get_right(session, request.right_id, actor=actor)
    await require_owner(session, request.right_id, actor.organisation_id)
    seller = await get_organisation(session, actor.organisation_id)
    listing = Listing(
        created_at=now(session),
        **request.model_dump(),
        organisation_id=actor.organisation_id,
        region=seller.region or seller.country,
    )
    begin(session, listing, actor, right_id=listing.right_id)
    await session.flush()
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
    right = await session.get_one(Right, listing.right_id)
    await _require_free(session, listing)
    await require_owner(session, right.id, listing.organisation_id)
    if right.kind is RightKind.IDEA and await latest_body(session, right.id) is None:
        raise ConfidentialTextMissingError
    await require_consents(session, deed_of(listing), use=True)
    listing.published_at = now(session)
    await _move(session, listing, "publish", actor, version)
    return listing


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
        await require_consents(session, deed_of(listing), use=True)
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
    return await ask(session, deed_of(listing, changed), terms_of(listing, changed), actor=actor)


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
    if listing.published_at is None:
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
    query = select(Listing.id).where(
        col(Listing.right_id) == right_id, col(Listing.state).in_(LIVE)
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
    right = await session.get_one(Right, listing.right_id)
    by = listing.organisation_id
    conflict = await find_conflict(session, listing.right_id, Deed.LIST, by=by)
    return _is_tradable(right) and conflict is None


async def _require_free(session: AsyncSession, listing: Listing) -> None:
    require_tradable(await session.get_one(Right, listing.right_id))
    await require_free(session, listing.right_id, Deed.LIST, by=listing.organisation_id)


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
