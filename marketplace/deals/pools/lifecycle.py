from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves

ADMINISTRATOR: Final = "administrator"
MEMBER: Final = "member"
OPERATOR: Final = "operator"


class PoolState(StrEnum):
    FORMING = "forming"
    OPEN = "open"
    CLOSED = "closed"
    DISSOLVED = "dissolved"


S = PoolState

# A pool is one agreement of all its members: it opens when the last of them has agreed to it, and
# what it licensed before it closes goes on.
POOL: Final = Lifecycle(
    "pool",
    PoolState,
    S.FORMING,
    (
        moves("agree", S.FORMING, S.FORMING, MEMBER),
        moves("open", S.FORMING, S.OPEN, SYSTEM),
        moves("dissolve", S.FORMING, S.DISSOLVED, ADMINISTRATOR, MEMBER, OPERATOR, CLOCK),
        moves("close", S.OPEN, S.CLOSED, ADMINISTRATOR, OPERATOR),
        moves("leave", S.OPEN, S.CLOSED, MEMBER),
        moves("review", S.OPEN, S.OPEN, CLOCK),
    ),
    due={
        S.FORMING: Due("dissolve", timedelta(days=90)),
        S.OPEN: Due("review", timedelta(days=365)),
    },
)
