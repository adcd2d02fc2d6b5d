from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.financing.access import BORROWER
from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves


class RequestState(StrEnum):
    APPLIED = "applied"
    PRESCREENED = "prescreened"
    VALUATION_ORDERED = "valuation_ordered"
    VALUED = "valued"
    ACCEPTED = "accepted"
    FINANCED = "financed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


S = RequestState
_OPEN: Final = (S.APPLIED, S.PRESCREENED, S.VALUATION_ORDERED, S.VALUED)

# Lenders see a request once nothing stands against its collateral, and offer once it is valued.
FINANCING_REQUEST: Final = Lifecycle(
    "financing_request",
    RequestState,
    S.APPLIED,
    (
        moves("add_collateral", S.APPLIED, S.APPLIED, BORROWER, "pledgor"),
        moves("prescreen", S.APPLIED, S.PRESCREENED, BORROWER),
        moves(
            "order_valuation",
            {S.PRESCREENED, S.VALUED},
            S.VALUATION_ORDERED,
            BORROWER,
        ),
        moves("value", S.VALUATION_ORDERED, S.VALUED, SYSTEM),
        moves("miss_valuation", S.VALUATION_ORDERED, S.PRESCREENED, SYSTEM),
        moves("accept", S.VALUED, S.ACCEPTED, BORROWER),
        moves("reopen", S.ACCEPTED, S.VALUED, SYSTEM),
        moves("finance", S.ACCEPTED, S.FINANCED, SYSTEM),
        moves("withdraw", _OPEN, S.WITHDRAWN, BORROWER),
        moves("abandon", S.ACCEPTED, S.WITHDRAWN, BORROWER),
        moves("expire", _OPEN, S.EXPIRED, CLOCK),
        moves("remind", S.ACCEPTED, S.ACCEPTED, CLOCK),
    ),
    due={
        S.APPLIED: Due("expire", timedelta(days=90)),
        S.PRESCREENED: Due("expire", timedelta(days=90)),
        S.VALUATION_ORDERED: Due("expire", timedelta(days=120)),
        S.VALUED: Due("expire", timedelta(days=90)),
        S.ACCEPTED: Due("remind", timedelta(days=30)),
    },
)

PUBLISHED: Final = (S.PRESCREENED, S.VALUATION_ORDERED, S.VALUED)
"""What every lender sees."""
