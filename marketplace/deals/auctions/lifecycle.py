from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves

BIDDER: Final = "buyer"
SELLER: Final = "seller"
OPERATOR: Final = "operator"
"""Bidder and seller are named as the sides of a deal, whose end may be that of an award."""


class AuctionState(StrEnum):
    SCHEDULED = "scheduled"
    OPEN = "open"
    CLOSED = "closed"
    AWARDED = "awarded"
    LAPSED = "lapsed"
    PAID = "paid"
    SOLD = "sold"
    UNSOLD = "unsold"
    CANCELLED = "cancelled"


A = AuctionState

# Each clock is set by the terms of the auction (when it opens and closes, how long bids are opened
# and the price is awaited); the times here hold where the terms name none. A closed auction waits
# for sealed bids to be opened; an ascending one is decided at once. `pay` and `record` are those of
# collateral, which nobody signs away: the register tells when it has passed.
AUCTION: Final = Lifecycle(
    "auction",
    AuctionState,
    A.SCHEDULED,
    (
        moves("open", A.SCHEDULED, A.OPEN, CLOCK, SYSTEM),
        moves("bid", A.OPEN, A.OPEN, BIDDER),
        moves("seal", A.OPEN, A.OPEN, BIDDER),
        moves("close", A.OPEN, A.CLOSED, CLOCK, SYSTEM),
        moves("reveal", A.CLOSED, A.CLOSED, BIDDER),
        moves("award", A.CLOSED, A.AWARDED, CLOCK),
        moves("award", A.LAPSED, A.AWARDED, SELLER),
        moves("fail", A.CLOSED, A.UNSOLD, CLOCK),
        moves("lapse", A.AWARDED, A.LAPSED, BIDDER, SELLER, OPERATOR, CLOCK),
        moves("end", A.LAPSED, A.UNSOLD, SELLER, CLOCK),
        moves("conclude", A.AWARDED, A.SOLD, SYSTEM),
        moves("pay", A.AWARDED, A.PAID, SYSTEM),
        moves("record", A.PAID, A.SOLD, OPERATOR),
        moves("remind", A.PAID, A.PAID, CLOCK),
        moves("cancel", {A.SCHEDULED, A.OPEN}, A.CANCELLED, SELLER, OPERATOR, SYSTEM),
        moves("cancel", A.CLOSED, A.CANCELLED, OPERATOR, SYSTEM),
    ),
    due={
        A.SCHEDULED: Due("open", timedelta(days=60)),
        A.OPEN: Due("close", timedelta(days=60)),
        A.CLOSED: Due("award", timedelta(0)),
        A.AWARDED: Due("lapse", timedelta(days=14)),
        A.LAPSED: Due("end", timedelta(days=7)),
        A.PAID: Due("remind", timedelta(days=30)),
    },
)
LIVE: Final = (A.SCHEDULED, A.OPEN, A.CLOSED, A.AWARDED, A.PAID)
"""While it holds the right. After a lapse a listing is back on the market; collateral waits on."""
BEFORE_AWARD: Final = frozenset({A.SCHEDULED, A.OPEN, A.CLOSED})
DECIDED: Final = frozenset({A.AWARDED, A.LAPSED, A.PAID, A.SOLD, A.UNSOLD})


class BidderState(StrEnum):
    AWAITING_DEPOSIT = "awaiting_deposit"
    ADMITTED = "admitted"
    WITHDRAWN = "withdrawn"
    RELEASED = "released"
    APPLIED = "applied"
    FORFEITED = "forfeited"


B = BidderState

# What becomes of a deposit. It is kept as long as the auction needs it; when it is decided, the
# clocks of the others are set to that moment, and each is settled in a transaction of its own.
AUCTION_BIDDER: Final = Lifecycle(
    "auction_bidder",
    BidderState,
    B.AWAITING_DEPOSIT,
    (
        moves("admit", B.AWAITING_DEPOSIT, B.ADMITTED, SYSTEM),
        moves("withdraw", B.AWAITING_DEPOSIT, B.WITHDRAWN, BIDDER, CLOCK),
        moves("withdraw", B.ADMITTED, B.RELEASED, BIDDER),
        moves("keep", B.ADMITTED, B.ADMITTED, CLOCK),
        moves("release", B.ADMITTED, B.RELEASED, SYSTEM, CLOCK),
        moves("forfeit", B.ADMITTED, B.FORFEITED, SYSTEM, CLOCK),
        moves("apply", B.ADMITTED, B.APPLIED, SYSTEM),
    ),
    due={
        B.AWAITING_DEPOSIT: Due("withdraw", timedelta(days=60)),
        B.ADMITTED: Due("release", timedelta(days=180)),
    },
)
