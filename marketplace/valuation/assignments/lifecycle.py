from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves
from marketplace.valuation.orders.lifecycle import CLIENT, OPERATOR

INSTITUTION: Final = "institution"


class AssignmentState(StrEnum):
    OFFERED = "offered"
    ACCEPTED = "accepted"
    PAUSED = "paused"
    LATE = "late"
    REPORTED = "reported"
    RELEASED = "released"
    UNPAID = "unpaid"
    DECLINED = "declined"
    LAPSED = "lapsed"
    RESIGNED = "resigned"
    REASSIGNED = "reassigned"
    CANCELLED = "cancelled"


A = AssignmentState
_WORKING: Final = (A.ACCEPTED, A.PAUSED, A.LATE)

# The hours to answer, the days to work and the longest pause are of the purpose's policy, and take
# the place of what the table says. `release`, `withhold` and `cancel` come with a decision about
# the order, by whoever made it.
VALUATION_ASSIGNMENT: Final = Lifecycle(
    "valuation_assignment",
    AssignmentState,
    A.OFFERED,
    (
        moves("accept", A.OFFERED, A.ACCEPTED, INSTITUTION),
        moves("decline", A.OFFERED, A.DECLINED, INSTITUTION),
        moves("lapse", A.OFFERED, A.LAPSED, CLOCK),
        moves("pause", A.ACCEPTED, A.PAUSED, INSTITUTION),
        moves("resume", A.PAUSED, A.ACCEPTED, INSTITUTION, OPERATOR, CLOCK),
        moves("escalate", A.ACCEPTED, A.LATE, CLOCK),
        moves("resign", _WORKING, A.RESIGNED, INSTITUTION),
        moves("reassign", {A.ACCEPTED, A.PAUSED}, A.REASSIGNED, OPERATOR),
        moves("reassign", A.LATE, A.REASSIGNED, OPERATOR, CLOCK),
        moves("hand_on", A.OFFERED, A.CANCELLED, SYSTEM),
        moves("hand_on", _WORKING, A.REASSIGNED, SYSTEM),
        moves("report", {A.ACCEPTED, A.LATE}, A.REPORTED, INSTITUTION),
        moves("release", A.REPORTED, A.RELEASED, CLIENT, OPERATOR, CLOCK),
        moves("withhold", A.REPORTED, A.UNPAID, OPERATOR),
        moves("cancel", {A.OFFERED, *_WORKING}, A.CANCELLED, CLIENT, OPERATOR, CLOCK, SYSTEM),
        moves("remind", A.REPORTED, A.REPORTED, CLOCK),
    ),
    due={
        A.OFFERED: Due("lapse", timedelta(days=2)),
        A.ACCEPTED: Due("escalate", timedelta(days=20)),
        A.PAUSED: Due("resume", timedelta(days=14)),
        A.LATE: Due("reassign", timedelta(days=3)),
        A.REPORTED: Due("remind", timedelta(days=90)),
    },
)

LIVE: Final = frozenset({A.OFFERED, *_WORKING})
"""What an institution has to do: it counts against its capacity."""
FILLED: Final = LIVE | {A.REPORTED, A.RELEASED, A.UNPAID}
"""What fills a place of an order."""
TOUCHED: Final = FILLED | {A.RESIGNED, A.REASSIGNED}
"""After which an institution has had to do with the rights and the client."""
