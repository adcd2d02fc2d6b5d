"""What the other owners of a right consent to when one of them offers it."""

from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final

from marketplace.assets.consents.rules import Deed
from marketplace.assets.legal_rules.terms import Act
from marketplace.kernel.money import Money, major_text
from marketplace.listings.models import Listing

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


def terms_of(listing: Listing, changed: Mapping[str, Any] = NOTHING) -> str:
    """The public words and the price; any change of them is another text."""
    told = {name: getattr(listing, name) for name in ("title", "teaser", "asking_price_minor")}
    told |= changed
    price = "open to offers"
    if told["asking_price_minor"] is not None:
        price = f"{major_text(told['asking_price_minor'], listing.currency)} {listing.currency}"
    return "\n".join(
        (
            "OFFER OF THE WHOLE RIGHT FOR SALE",
            f"Right    {listing.right_id}",
            f"Listing  {listing.id}",
            f"Title    {told['title']}",
            f"Price    {price}",
            f"Teaser   {told['teaser']}",
        )
    )


def deed_of(listing: Listing, changed: Mapping[str, Any] = NOTHING) -> Deed:
    """What an owner does by showing the listing, with what is to be changed of it."""
    minor = changed.get("asking_price_minor", listing.asking_price_minor)
    return Deed(
        listing.right_id,
        Act.LIST,
        listing.organisation_id,
        sha256(terms_of(listing, changed).encode()).hexdigest(),
        amount=None if minor is None else Money(minor, listing.currency),
        subject=f"listing:{listing.id}",
    )
