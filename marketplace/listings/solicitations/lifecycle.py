from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves

ORGANISER: Final = "organiser"
OPERATOR: Final = "operator"


class SolicitationState(StrEnum):
    DRAFT = "draft"
    REVIEWED = "reviewed"
    OPEN = "open"
    CANCELLING = "cancelling"
    EVALUATING = "evaluating"
    AWARDED = "awarded"
    NO_AWARD = "no_award"
    CANCELLED = "cancelled"


S = SolicitationState

# From `open` on the terms are frozen. Opened and submitted to, it is cancelled by the payment of
# the compensation alone, which is a fact of payments; unpaid, it goes on.
SOLICITATION: Final = Lifecycle(
    "solicitation",
    SolicitationState,
    S.DRAFT,
    (
        moves("review", S.DRAFT, S.REVIEWED, OPERATOR),
        moves("open", S.REVIEWED, S.OPEN, ORGANISER),
        moves("cancel", {S.DRAFT, S.REVIEWED, S.OPEN}, S.CANCELLED, ORGANISER, CLOCK),
        moves("ask_to_cancel", S.OPEN, S.CANCELLING, ORGANISER),
        moves("go_on", S.CANCELLING, S.OPEN, ORGANISER, CLOCK),
        moves("compensate", S.CANCELLING, S.CANCELLED, SYSTEM),
        moves("close", S.OPEN, S.EVALUATING, CLOCK),
        moves("award", S.EVALUATING, S.AWARDED, ORGANISER),
        moves("award_none", S.EVALUATING, S.NO_AWARD, ORGANISER, CLOCK),
    ),
    due={
        S.DRAFT: Due("cancel", timedelta(days=180)),
        S.REVIEWED: Due("cancel", timedelta(days=90)),
        S.OPEN: Due("close", timedelta(days=365)),
        S.CANCELLING: Due("go_on", timedelta(days=14)),
        S.EVALUATING: Due("award_none", timedelta(days=120)),
    },
)

PUBLIC: Final = frozenset(SolicitationState) - {S.DRAFT, S.REVIEWED}
