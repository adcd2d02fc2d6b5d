from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves

COMPANY: Final = "company"
OFFERER: Final = "offerer"


class DemandState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    CONTRACTED = "contracted"
    SETTLED = "settled"
    HANDED_OVER = "handed_over"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    EXPIRED = "expired"


class DemandOfferState(StrEnum):
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LOST = "lost"
    EXPIRED = "expired"


S = DemandState
O = DemandOfferState  # noqa: E741 - a table below, read as one

# What goes on as a loan or a sale is handed over to it; else both sign, and the offerer pays.
DEMAND: Final = Lifecycle(
    "demand",
    DemandState,
    S.OPEN,
    (
        moves("accept", S.OPEN, S.ACCEPTED, COMPANY),
        moves("hand_over", S.ACCEPTED, S.HANDED_OVER, SYSTEM),
        moves("sign", S.ACCEPTED, S.ACCEPTED, COMPANY, OFFERER),
        moves("contract", S.ACCEPTED, S.CONTRACTED, SYSTEM),
        moves("settle", S.CONTRACTED, S.SETTLED, SYSTEM),
        moves("withdraw", S.OPEN, S.WITHDRAWN, COMPANY),
        moves("give_up", {S.ACCEPTED, S.CONTRACTED}, S.LAPSED, COMPANY, OFFERER),
        moves("lapse", {S.ACCEPTED, S.CONTRACTED}, S.LAPSED, CLOCK),
        moves("expire", S.OPEN, S.EXPIRED, CLOCK),
    ),
    due={
        S.OPEN: Due("expire", timedelta(days=60)),
        S.ACCEPTED: Due("lapse", timedelta(days=30)),
        S.CONTRACTED: Due("lapse", timedelta(days=30)),
    },
)

DEMAND_OFFER: Final = Lifecycle(
    "demand_offer",
    DemandOfferState,
    O.OFFERED,
    (
        moves("accept", O.OFFERED, O.ACCEPTED, COMPANY),
        moves("decline", O.OFFERED, O.DECLINED, COMPANY),
        moves("withdraw", O.OFFERED, O.WITHDRAWN, OFFERER),
        moves("lose", O.OFFERED, O.LOST, SYSTEM),
        moves("expire", O.OFFERED, O.EXPIRED, CLOCK),
    ),
    due={O.OFFERED: Due("expire", timedelta(days=30))},
)
