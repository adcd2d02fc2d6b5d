from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, Due, Lifecycle, moves
from marketplace.valuation.orders.lifecycle import OPERATOR

REVIEWER: Final = "reviewer"


class ReviewState(StrEnum):
    ASSIGNED = "assigned"
    SUBMITTED = "submitted"
    EXPIRED = "expired"


# A review that nobody wrote in time is missing from the results, which say how many there are.
QUALITY_REVIEW: Final = Lifecycle(
    "quality_review",
    ReviewState,
    ReviewState.ASSIGNED,
    (
        moves("submit", ReviewState.ASSIGNED, ReviewState.SUBMITTED, REVIEWER),
        moves("expire", ReviewState.ASSIGNED, ReviewState.EXPIRED, OPERATOR, CLOCK),
    ),
    due={ReviewState.ASSIGNED: Due("expire", timedelta(days=30))},
)
