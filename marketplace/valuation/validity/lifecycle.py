from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, Due, Lifecycle, moves
from marketplace.valuation.orders.lifecycle import OPERATOR

INSTITUTION: Final = "institution"
REQUESTER: Final = "requester"


class ValidityState(StrEnum):
    HEARING = "hearing"
    FOUND = "found"
    APPEALED = "appealed"
    DISMISSED = "dismissed"
    FINAL = "final"
    OVERTURNED = "overturned"


V = ValidityState

# Nobody is punished by the clock: it reminds. A finding can be appealed against for as long as the
# clock of its state says, and only then, or when the appeal has failed, it takes effect.
VALIDITY_SURVEY: Final = Lifecycle(
    "validity_survey",
    ValidityState,
    V.HEARING,
    (
        moves("dismiss", V.HEARING, V.DISMISSED, OPERATOR),
        moves("withdraw", V.HEARING, V.DISMISSED, REQUESTER),
        moves("find", V.HEARING, V.FOUND, OPERATOR),
        moves("appeal", V.FOUND, V.APPEALED, INSTITUTION),
        moves("enforce", V.FOUND, V.FINAL, OPERATOR),
        moves("uphold", V.APPEALED, V.FINAL, OPERATOR),
        moves("overturn", V.APPEALED, V.OVERTURNED, OPERATOR),
        *(moves("remind", state, state, CLOCK) for state in (V.HEARING, V.FOUND, V.APPEALED)),
    ),
    due={
        V.HEARING: Due("remind", timedelta(days=14)),
        V.FOUND: Due("remind", timedelta(days=30)),
        V.APPEALED: Due("remind", timedelta(days=30)),
    },
)
HEARING: Final = timedelta(days=14)
"""So long everybody who is heard may write, unless all of them have."""
APPEAL: Final = timedelta(days=30)
