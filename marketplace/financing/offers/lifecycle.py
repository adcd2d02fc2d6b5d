from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.financing.access import BORROWER, LENDER
from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves


class OfferState(StrEnum):
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LOST = "lost"
    EXPIRED = "expired"


S = OfferState
LOAN_OFFER: Final = Lifecycle(
    "loan_offer",
    OfferState,
    S.OFFERED,
    (
        moves("accept", S.OFFERED, S.ACCEPTED, BORROWER),
        moves("decline", S.OFFERED, S.DECLINED, BORROWER),
        moves("withdraw", S.OFFERED, S.WITHDRAWN, LENDER),
        moves("lose", S.OFFERED, S.LOST, SYSTEM),
        moves("expire", S.OFFERED, S.EXPIRED, CLOCK),
    ),
    due={S.OFFERED: Due("expire", timedelta(days=30))},
)
