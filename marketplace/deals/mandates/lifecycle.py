from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, Due, Lifecycle, moves

PRINCIPAL: Final = "principal"
BROKER: Final = "broker"
TERM_MAX: Final = timedelta(days=5 * 366)


class MandateState(StrEnum):
    OFFERED = "offered"
    ACTIVE = "active"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    RESIGNED = "resigned"
    EXPIRED = "expired"


S = MandateState

# The clock of an active mandate is set to the end of its term.
MANDATE: Final = Lifecycle(
    "mandate",
    MandateState,
    S.OFFERED,
    (
        moves("accept", S.OFFERED, S.ACTIVE, BROKER),
        moves("decline", S.OFFERED, S.DECLINED, BROKER),
        moves("withdraw", S.OFFERED, S.WITHDRAWN, PRINCIPAL),
        moves("revoke", S.ACTIVE, S.REVOKED, PRINCIPAL),
        moves("resign", S.ACTIVE, S.RESIGNED, BROKER),
        moves("expire", {S.OFFERED, S.ACTIVE}, S.EXPIRED, CLOCK),
    ),
    due={S.OFFERED: Due("expire", timedelta(days=30)), S.ACTIVE: Due("expire", TERM_MAX)},
)
