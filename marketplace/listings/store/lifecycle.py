from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves

AUTHOR: Final = "author"
OPERATOR: Final = "operator"


class StoreState(StrEnum):
    OPEN = "open"
    SELECTING = "selecting"
    SELECTED = "selected"
    SOLD = "sold"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"


S = StoreState
_LIVE: Final = (S.OPEN, S.SELECTING, S.SELECTED)

# A window closes by the clock. With applications its author chooses among them; without, or when
# nobody is chosen in time, the next window opens, as long as rounds are left and the filing is
# young enough. A deal that comes to nothing gives the application another window likewise.
STORE_ENTRY: Final = Lifecycle(
    "store_entry",
    StoreState,
    S.OPEN,
    (
        moves("close", S.OPEN, S.SELECTING, CLOCK),
        moves("open_next", S.SELECTING, S.OPEN, AUTHOR, CLOCK),
        moves("open_next", S.OPEN, S.OPEN, CLOCK),
        moves("open_next", S.SELECTED, S.OPEN, SYSTEM),
        moves("end", S.OPEN, S.ENDED, CLOCK, SYSTEM, OPERATOR),
        moves("end", S.SELECTING, S.ENDED, AUTHOR, CLOCK, SYSTEM, OPERATOR),
        moves("end", S.SELECTED, S.ENDED, CLOCK, SYSTEM, OPERATOR),
        moves("withdraw", {S.OPEN, S.SELECTING}, S.WITHDRAWN, AUTHOR),
        moves("select", S.SELECTING, S.SELECTED, AUTHOR),
        moves("sell", S.SELECTED, S.SOLD, SYSTEM),
    ),
    due={
        S.OPEN: Due("close", timedelta(days=30)),
        S.SELECTING: Due("open_next", timedelta(days=14)),
        S.SELECTED: Due("end", timedelta(days=800)),
    },
)

LIVE: Final = frozenset(_LIVE)
