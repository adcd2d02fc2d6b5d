from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.kernel.driver_pools import Reads
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id
from marketplace.listings.models import Listing

_SELLER_KIND: Final = """
    SELECT o.kind FROM listing l JOIN organisation o ON o.id = l.organisation_id WHERE l.id = $1
"""
_DETAIL: Final = "SELECT detail FROM listing_card WHERE listing_id = $1"


async def quick_detail(reads: Reads, listing_id: str, query: str) -> bytes | None:
    """The public page of a listing, if there is one; None leaves it to the route."""
    try:
        wanted = UUID(listing_id)
    except ValueError:
        return None
    detail = None if query else await reads.value(_DETAIL, wanted)
    return None if detail is None else bytes(detail, "utf-8")


async def public_detail(reads: Reads, listing_id: UUID) -> bytes:
    """The public page of a published or reserved listing, as stored JSON."""
    detail = await reads.value(_DETAIL, listing_id)
    if detail is None:
        raise NotFoundError("no such listing, or it is no longer public")
    return bytes(detail, "utf-8")


async def seller_kind(reads: Reads, listing_id: UUID) -> str:
    """Whether a person, a company or another kind of party offers a listing."""
    kind: str = await reads.value(_SELLER_KIND, listing_id)
    return kind


async def own_listings(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[Listing], str | None]:
    """Listings of the actor's organisation in any state, newest first."""
    query = select(Listing)
    if not actor.is_operator:
        query = query.where(col(Listing.organisation_id) == actor.organisation_id)
    return await page_by_id(session, query, Listing, cursor=cursor, limit=limit)
