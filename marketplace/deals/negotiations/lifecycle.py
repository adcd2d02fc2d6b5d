from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves

BUYER: Final = "buyer"
SELLER: Final = "seller"


class NegotiationState(StrEnum):
    AWAITING_SELLER = "awaiting_seller"
    AWAITING_BUYER = "awaiting_buyer"
    SUSPENDED_AWAITING_SELLER = "suspended_awaiting_seller"
    SUSPENDED_AWAITING_BUYER = "suspended_awaiting_buyer"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    CLOSED = "closed"


N = NegotiationState
_VALIDITY: Final = timedelta(days=14)
_OPEN: Final = (
    N.AWAITING_SELLER,
    N.AWAITING_BUYER,
    N.SUSPENDED_AWAITING_SELLER,
    N.SUSPENDED_AWAITING_BUYER,
)

# The side that is awaited answers; the side whose offer stands may take it back. Another deal over
# the right suspends, and the offer's own validity runs on meanwhile.
NEGOTIATION: Final = Lifecycle(
    "negotiation",
    NegotiationState,
    N.AWAITING_SELLER,
    (
        moves("counter", N.AWAITING_SELLER, N.AWAITING_BUYER, SELLER),
        moves("counter", N.AWAITING_BUYER, N.AWAITING_SELLER, BUYER),
        moves("accept", N.AWAITING_SELLER, N.ACCEPTED, SELLER),
        moves("accept", N.AWAITING_BUYER, N.ACCEPTED, BUYER),
        moves("decline", {N.AWAITING_SELLER, N.SUSPENDED_AWAITING_SELLER}, N.DECLINED, SELLER),
        moves("decline", {N.AWAITING_BUYER, N.SUSPENDED_AWAITING_BUYER}, N.DECLINED, BUYER),
        moves("withdraw", {N.AWAITING_SELLER, N.SUSPENDED_AWAITING_SELLER}, N.WITHDRAWN, BUYER),
        moves("withdraw", {N.AWAITING_BUYER, N.SUSPENDED_AWAITING_BUYER}, N.WITHDRAWN, SELLER),
        moves("suspend", N.AWAITING_SELLER, N.SUSPENDED_AWAITING_SELLER, SYSTEM),
        moves("suspend", N.AWAITING_BUYER, N.SUSPENDED_AWAITING_BUYER, SYSTEM),
        moves("resume", N.SUSPENDED_AWAITING_SELLER, N.AWAITING_SELLER, SYSTEM),
        moves("resume", N.SUSPENDED_AWAITING_BUYER, N.AWAITING_BUYER, SYSTEM),
        moves("expire", _OPEN, N.EXPIRED, CLOCK),
        moves("close", _OPEN, N.CLOSED, SYSTEM),
    ),
    due={state: Due("expire", _VALIDITY) for state in _OPEN},
)
