from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.financing.access import LENDER
from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves


class BreachState(StrEnum):
    OPEN = "open"
    RIPE = "ripe"
    CURED = "cured"
    WAIVED = "waived"


S = BreachState

# A breach that was not mended in time lets the lender call the loan; the clock itself calls none.
COVENANT_BREACH: Final = Lifecycle(
    "covenant_breach",
    BreachState,
    S.OPEN,
    (
        moves("cure", {S.OPEN, S.RIPE}, S.CURED, SYSTEM, LENDER),
        moves("waive", {S.OPEN, S.RIPE}, S.WAIVED, LENDER),
        moves("ripen", S.OPEN, S.RIPE, CLOCK),
        moves("remind", S.RIPE, S.RIPE, CLOCK),
    ),
    due={
        S.OPEN: Due("ripen", timedelta(days=30)),
        S.RIPE: Due("remind", timedelta(days=30)),
    },
)
LIVE: Final = (S.OPEN, S.RIPE)
