from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.deals.lifecycle import BUYER, OPERATOR, SELLER
from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves


class PartState(StrEnum):
    PLANNED = "planned"
    SCHEDULED = "scheduled"
    AWAITING_MILESTONE = "awaiting_milestone"
    REQUESTED = "requested"
    UNPAID = "unpaid"
    HELD = "held"
    CLEARED = "cleared"
    RELEASED = "released"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"


P = PartState
_SIDES: Final = (BUYER, SELLER, OPERATOR)
_UNPAID: Final = (P.SCHEDULED, P.AWAITING_MILESTONE, P.REQUESTED, P.UNPAID)

# A part is held until the deal's own release, which is never before the right has passed. What is
# paid after that is cleared at once, and goes to the seller when the buyer says so, or three days
# later. `give_back`, `cancel`, and `release` of what is held come with a decision about the deal.
DEAL_PART: Final = Lifecycle(
    "deal_part",
    PartState,
    P.PLANNED,
    (
        moves("schedule", P.PLANNED, P.SCHEDULED, SYSTEM),
        moves("await_milestone", P.PLANNED, P.AWAITING_MILESTONE, SYSTEM),
        moves("request", P.SCHEDULED, P.REQUESTED, BUYER, CLOCK),
        moves("confirm_milestone", P.AWAITING_MILESTONE, P.REQUESTED, BUYER, OPERATOR),
        moves("request", P.UNPAID, P.REQUESTED, *_SIDES),
        moves("lapse", P.REQUESTED, P.UNPAID, CLOCK),
        moves("pay", P.REQUESTED, P.HELD, SYSTEM),
        moves("clear", P.HELD, P.CLEARED, SYSTEM),
        moves("freeze", P.CLEARED, P.HELD, SYSTEM),
        moves("release", {P.HELD, P.CLEARED}, P.RELEASED, BUYER, OPERATOR, CLOCK),
        moves("refund", P.CLEARED, P.REFUNDED, SELLER, OPERATOR),
        moves("forgo", _UNPAID, P.CANCELLED, SELLER, OPERATOR),
        moves("give_back", {P.HELD, P.CLEARED}, P.REFUNDED, *_SIDES, CLOCK),
        moves("cancel", {P.PLANNED, *_UNPAID}, P.CANCELLED, *_SIDES, CLOCK),
        moves("remind", P.PLANNED, P.PLANNED, CLOCK),
        moves("remind", P.AWAITING_MILESTONE, P.AWAITING_MILESTONE, CLOCK),
        moves("remind", P.UNPAID, P.UNPAID, CLOCK),
        moves("remind", P.HELD, P.HELD, CLOCK),
    ),
    due={
        P.PLANNED: Due("remind", timedelta(days=30)),
        P.SCHEDULED: Due("request", timedelta(days=30)),
        P.AWAITING_MILESTONE: Due("remind", timedelta(days=90)),
        P.REQUESTED: Due("lapse", timedelta(days=30)),
        P.UNPAID: Due("remind", timedelta(days=30)),
        P.HELD: Due("remind", timedelta(days=90)),
        P.CLEARED: Due("release", timedelta(days=3)),
    },
)

ENDED: Final = DEAL_PART.terminal()
PAID: Final = frozenset((P.HELD, P.CLEARED, P.RELEASED))
