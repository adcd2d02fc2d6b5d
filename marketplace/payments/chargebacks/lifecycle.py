from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves
from marketplace.payments.lifecycle import OPERATOR


class ChargebackState(StrEnum):
    OPEN = "open"
    CONTESTED = "contested"
    WON = "won"
    LOST = "lost"


C = ChargebackState
# The card network decides, and tells when it has. The clock only reminds: evidence is due within
# days, and a contest may take months.
CHARGEBACK: Final = Lifecycle(
    "chargeback",
    ChargebackState,
    C.OPEN,
    (
        moves("submit_evidence", C.OPEN, C.OPEN, OPERATOR),
        moves("accept", C.OPEN, C.OPEN, OPERATOR),
        moves("contest", C.OPEN, C.CONTESTED, SYSTEM),
        moves("win", {C.OPEN, C.CONTESTED}, C.WON, SYSTEM, OPERATOR),
        moves("lose", {C.OPEN, C.CONTESTED}, C.LOST, SYSTEM, OPERATOR),
        moves("remind", C.OPEN, C.OPEN, CLOCK),
        moves("remind", C.CONTESTED, C.CONTESTED, CLOCK),
    ),
    due={
        C.OPEN: Due("remind", timedelta(days=2)),
        C.CONTESTED: Due("remind", timedelta(days=30)),
    },
)
