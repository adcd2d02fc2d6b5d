from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, Due, Lifecycle, moves

PROPOSER: Final = "proposer"
COUNTERPART: Final = "counterpart"


class ProposalState(StrEnum):
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


P = ProposalState

AFFILIATION_PROPOSAL: Final = Lifecycle(
    "affiliation_proposal",
    ProposalState,
    P.PROPOSED,
    (
        moves("confirm", P.PROPOSED, P.CONFIRMED, COUNTERPART),
        moves("decline", P.PROPOSED, P.DECLINED, COUNTERPART),
        moves("withdraw", P.PROPOSED, P.WITHDRAWN, PROPOSER),
        moves("expire", P.PROPOSED, P.EXPIRED, CLOCK),
    ),
    due={P.PROPOSED: Due("expire", timedelta(days=30))},
)
