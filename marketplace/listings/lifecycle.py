from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves


class ListingState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    SUSPENDED = "suspended"
    RESERVED = "reserved"
    SOLD = "sold"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


S = ListingState
SELLER: Final = "seller"
OPERATOR: Final = "operator"

# An idea that is awarded in a solicitation was never on the market: its listing is reserved from
# the draft, shown to nobody, and retired when the deal comes to nothing.
LISTING: Final = Lifecycle(
    "listing",
    ListingState,
    S.DRAFT,
    (
        moves("edit", S.DRAFT, S.DRAFT, SELLER),
        moves("edit", S.PUBLISHED, S.PUBLISHED, SELLER),
        moves("publish", S.DRAFT, S.PUBLISHED, SELLER),
        moves(
            "withdraw", {S.DRAFT, S.PUBLISHED, S.SUSPENDED}, S.WITHDRAWN, SELLER, OPERATOR, SYSTEM
        ),
        moves("suspend", S.PUBLISHED, S.SUSPENDED, OPERATOR, SYSTEM),
        moves("resume", S.SUSPENDED, S.PUBLISHED, OPERATOR),
        moves("reserve", S.PUBLISHED, S.RESERVED, SYSTEM),
        moves("award", S.DRAFT, S.RESERVED, SYSTEM),
        moves("retire", S.RESERVED, S.WITHDRAWN, SYSTEM, CLOCK),
        moves("reopen", S.RESERVED, S.PUBLISHED, SYSTEM, OPERATOR, CLOCK),
        moves("sell", {S.PUBLISHED, S.SUSPENDED, S.RESERVED}, S.SOLD, SYSTEM),
        moves("expire", {S.DRAFT, S.PUBLISHED, S.SUSPENDED}, S.EXPIRED, CLOCK),
    ),
    due={
        S.DRAFT: Due("expire", timedelta(days=180)),
        S.PUBLISHED: Due("expire", timedelta(days=365)),
        S.SUSPENDED: Due("expire", timedelta(days=180)),
        S.RESERVED: Due("reopen", timedelta(days=730)),
    },
)

LIVE: Final = frozenset(ListingState) - LISTING.terminal()
