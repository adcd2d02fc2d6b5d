from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves

CO_OWNER: Final = "co_owner"
ASKER: Final = "asker"


class ConsentState(StrEnum):
    ASKED = "asked"
    GIVEN = "given"
    REFUSED = "refused"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"
    USED = "used"
    EXPIRED = "expired"
    VOID = "void"


S = ConsentState
CONSENT: Final = Lifecycle(
    "consent",
    ConsentState,
    S.ASKED,
    (
        moves("give", S.ASKED, S.GIVEN, CO_OWNER),
        moves("refuse", S.ASKED, S.REFUSED, CO_OWNER),
        moves("withdraw", S.ASKED, S.WITHDRAWN, ASKER),
        moves("revoke", S.GIVEN, S.REVOKED, CO_OWNER),
        moves("use", S.GIVEN, S.USED, SYSTEM),
        moves("expire", {S.ASKED, S.GIVEN}, S.EXPIRED, CLOCK),
        moves("void", {S.ASKED, S.GIVEN}, S.VOID, SYSTEM),
    ),
    due={
        S.ASKED: Due("expire", timedelta(days=30)),
        S.GIVEN: Due("expire", timedelta(days=90)),
    },
)
OPEN: Final = frozenset({S.ASKED, S.GIVEN})
