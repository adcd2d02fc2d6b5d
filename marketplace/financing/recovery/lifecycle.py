from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.financing.access import LENDER
from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves


class EnforcementState(StrEnum):
    OPEN = "open"
    REALISED = "realised"
    ABANDONED = "abandoned"


S = EnforcementState
ENFORCEMENT: Final = Lifecycle(
    "enforcement",
    EnforcementState,
    S.OPEN,
    (
        moves("realise", S.OPEN, S.REALISED, SYSTEM),
        moves("abandon", S.OPEN, S.ABANDONED, LENDER, CLOCK, SYSTEM),
    ),
    due={S.OPEN: Due("abandon", timedelta(days=180))},
)
