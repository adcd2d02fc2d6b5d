"""What the other owners of a right consent to when one of them offers it."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.assets.consents.rules import Deed
from marketplace.assets.legal_rules.terms import Act
from marketplace.kernel.money import Money, major_text, split
from marketplace.listings.bundles.models import ListingItem
from marketplace.listings.bundles.service import items_of
from marketplace.listings.deal_types import LicenceKind
from marketplace.listings.licensing.models import LicenceOffer
from marketplace.listings.licensing.service import offer_of
from marketplace.listings.models import Listing

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
LICENSING: Final = {
    LicenceKind.REGISTERED_EXCLUSIVE: Act.LICENSE_EXCLUSIVE,
    LicenceKind.EXCLUSIVE: Act.LICENSE_EXCLUSIVE,
    LicenceKind.SOLE: Act.LICENSE_SOLE,
    LicenceKind.NON_EXCLUSIVE: Act.LICENSE,
    LicenceKind.OPEN: Act.LIST,
}
"""What an owner does who licenses. An open licence is a statement to everybody, as a listing is."""


async def terms_of(
    session: AsyncSession, listing: Listing, changed: Mapping[str, Any] = NOTHING
) -> str:
    """The public words, what is offered and the price; any change of them is another text."""
    items = await items_of(session, listing.id) if listing.bundled else ()
    return _text(listing, changed, items, await offer_of(session, listing.id))


def _text(
    listing: Listing,
    changed: Mapping[str, Any],
    items: Sequence[ListingItem],
    offer: LicenceOffer | None,
) -> str:
    told = {name: getattr(listing, name) for name in ("title", "teaser", "asking_price_minor")}
    told |= changed
    price = "open to offers"
    if told["asking_price_minor"] is not None:
        price = f"{major_text(told['asking_price_minor'], listing.currency)} {listing.currency}"
    what = "OFFER OF THE WHOLE RIGHT FOR SALE" if offer is None else "OFFER OF A LICENCE"
    return "\n".join(
        (
            what,
            *_rights(listing, items),
            f"Listing  {listing.id}",
            f"Title    {told['title']}",
            f"Price    {price}",
            f"Teaser   {told['teaser']}",
            *_licence(offer),
        )
    )


def _rights(listing: Listing, items: Sequence[ListingItem]) -> Iterator[str]:
    if not items:
        yield f"Right    {listing.right_id}"
    for item in items:
        yield f"Right    {item.right_id}, at a weight of {item.weight}"


def _licence(offer: LicenceOffer | None) -> Iterator[str]:
    if offer is not None:
        terms = orjson.dumps(offer.terms, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)
        yield f"Terms    {terms.decode()}"


async def deeds_of(
    session: AsyncSession, listing: Listing, changed: Mapping[str, Any] = NOTHING
) -> list[Deed]:
    """What an owner does to each right by showing the listing, with what is to be changed of it."""
    items = await items_of(session, listing.id) if listing.bundled else ()
    offer = await offer_of(session, listing.id)
    act = LICENSING[offer.offered.kind] if offer else Act.LIST
    terms_sha256 = sha256(_text(listing, changed, items, offer).encode()).hexdigest()
    minor = changed.get("asking_price_minor", listing.asking_price_minor)
    return [
        Deed(
            right_id,
            act,
            listing.organisation_id,
            terms_sha256,
            amount=None if amount is None else Money(amount, listing.currency),
            subject=f"listing:{listing.id}",
        )
        for right_id, amount in _amounts(listing, items, minor).items()
    ]


def _amounts(
    listing: Listing, items: Sequence[ListingItem], minor: int | None
) -> dict[UUID, int | None]:
    """What is asked for each right."""
    if not items:
        return {listing.right_id: minor}
    if minor is None:
        return dict.fromkeys(item.right_id for item in items)
    amounts = split(minor, [item.weight for item in items])
    return {item.right_id: amount for item, amount in zip(items, amounts, strict=True)}
