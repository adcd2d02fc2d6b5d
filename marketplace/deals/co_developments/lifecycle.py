from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves

PARTY: Final = "party"


class CoDevelopmentState(StrEnum):
    PROPOSED = "proposed"
    SIGNED = "signed"
    IN_FORCE = "in_force"
    CANCELLED = "cancelled"


S = CoDevelopmentState

# Every party signs the same text; the last signature asks for the payment, which brings it in
# force. From then on it binds whatever is filed from the idea.
CO_DEVELOPMENT: Final = Lifecycle(
    "co_development",
    CoDevelopmentState,
    S.PROPOSED,
    (
        moves("sign", S.PROPOSED, S.PROPOSED, PARTY),
        moves("countersign", S.PROPOSED, S.SIGNED, PARTY),
        moves("pay", S.SIGNED, S.IN_FORCE, SYSTEM),
        moves("cancel", {S.PROPOSED, S.SIGNED}, S.CANCELLED, PARTY, CLOCK),
    ),
    due={
        S.PROPOSED: Due("cancel", timedelta(days=30)),
        S.SIGNED: Due("cancel", timedelta(days=14)),
    },
)
