from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves

LICENSOR: Final = "licensor"
LICENSEE: Final = "licensee"
OPERATOR: Final = "operator"


class LicenceState(StrEnum):
    DRAFTED = "drafted"
    ACTIVE = "active"
    IN_NOTICE = "in_notice"
    EXPIRED = "expired"
    TERMINATED = "terminated"
    CEASED = "ceased"
    VOID = "void"


S = LicenceState
CURE: Final = timedelta(days=60)
_LIVE: Final = (S.ACTIVE, S.IN_NOTICE)

# A licence takes effect with the deal that grants it. It ends by time, by its licensee, by a
# breach that was not cured in time, with its right or its head licence, or with its deal.
LICENCE: Final = Lifecycle(
    "licence",
    LicenceState,
    S.DRAFTED,
    (
        moves("change", S.DRAFTED, S.DRAFTED, LICENSOR, LICENSEE),
        moves("take_effect", S.DRAFTED, S.ACTIVE, SYSTEM),
        moves("give_notice", S.ACTIVE, S.IN_NOTICE, LICENSOR),
        moves("withdraw_notice", S.IN_NOTICE, S.ACTIVE, LICENSOR, OPERATOR),
        moves("terminate", S.IN_NOTICE, S.TERMINATED, OPERATOR, CLOCK),
        moves("surrender", _LIVE, S.TERMINATED, LICENSEE),
        moves("expire", S.ACTIVE, S.EXPIRED, CLOCK),
        moves("cease", _LIVE, S.CEASED, SYSTEM, OPERATOR),
        moves("undo", _LIVE, S.VOID, SYSTEM),
        moves("void", S.DRAFTED, S.VOID, LICENSOR, LICENSEE, SYSTEM, CLOCK),
    ),
    due={
        S.DRAFTED: Due("void", timedelta(days=730)),
        S.ACTIVE: Due("expire", timedelta(days=366 * 50)),
        S.IN_NOTICE: Due("terminate", CURE),
    },
)

LIVE: Final = frozenset(_LIVE)
EFFECTIVE: Final = frozenset((S.ACTIVE, S.IN_NOTICE, S.EXPIRED, S.TERMINATED, S.CEASED))
"""Licences under which royalties may be due, be it for the time before they ended."""
