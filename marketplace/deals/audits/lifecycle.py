from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.deals.licences.lifecycle import LICENSEE, LICENSOR, OPERATOR
from marketplace.kernel.lifecycle import CLOCK, Due, Lifecycle, moves


class AuditState(StrEnum):
    CLAIMED = "claimed"
    ANSWERED = "answered"
    SETTLED = "settled"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"


A = AuditState
_OPEN: Final = (A.CLAIMED, A.ANSWERED)

# What a licensee does not answer is not true by that: the clock reminds, and the operator decides.
ROYALTY_AUDIT: Final = Lifecycle(
    "royalty_audit",
    AuditState,
    A.CLAIMED,
    (
        moves("answer", A.CLAIMED, A.ANSWERED, LICENSEE),
        moves("agree", _OPEN, A.SETTLED, LICENSEE),
        moves("decide", _OPEN, A.SETTLED, OPERATOR),
        moves("dismiss", _OPEN, A.DISMISSED, OPERATOR),
        moves("withdraw", _OPEN, A.WITHDRAWN, LICENSOR),
        moves("remind", A.CLAIMED, A.CLAIMED, CLOCK),
        moves("remind", A.ANSWERED, A.ANSWERED, CLOCK),
    ),
    due={
        A.CLAIMED: Due("remind", timedelta(days=30)),
        A.ANSWERED: Due("remind", timedelta(days=30)),
    },
)
