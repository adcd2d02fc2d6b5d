from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves

INSTITUTION: Final = "institution"
OPERATOR: Final = "operator"


class DesignationState(StrEnum):
    APPLIED = "applied"
    INSPECTED = "inspected"
    REVIEWED = "reviewed"
    DESIGNATED = "designated"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"
    ABANDONED = "abandoned"


D = DesignationState
_UNDECIDED: Final = (D.APPLIED, D.INSPECTED, D.REVIEWED)
_REMINDER: Final = timedelta(days=30)

# An applicant does not lose an application by the authority's delay: time only reminds, and once
# a year it reminds to look after those who are designated. A suspension ends on its last day; what
# `suspend` says of it takes the place of the half year in the table. What another authority
# published is recognised as it stands.
DESIGNATION: Final = Lifecycle(
    "designation",
    DesignationState,
    D.APPLIED,
    (
        moves("inspect", D.APPLIED, D.INSPECTED, OPERATOR),
        moves("review", D.INSPECTED, D.REVIEWED, OPERATOR),
        moves("designate", D.REVIEWED, D.DESIGNATED, OPERATOR),
        moves("recognise", D.APPLIED, D.DESIGNATED, SYSTEM),
        moves("reject", _UNDECIDED, D.REJECTED, OPERATOR),
        moves("abandon", _UNDECIDED, D.ABANDONED, INSTITUTION),
        moves("suspend", D.DESIGNATED, D.SUSPENDED, OPERATOR),
        moves("reinstate", D.SUSPENDED, D.DESIGNATED, OPERATOR, CLOCK),
        moves("withdraw", {D.DESIGNATED, D.SUSPENDED}, D.WITHDRAWN, INSTITUTION, OPERATOR, SYSTEM),
        *(moves("remind", state, state, CLOCK) for state in (*_UNDECIDED, D.DESIGNATED)),
    ),
    due={
        **{state: Due("remind", _REMINDER) for state in _UNDECIDED},
        D.DESIGNATED: Due("remind", timedelta(days=365)),
        D.SUSPENDED: Due("reinstate", timedelta(days=183)),
    },
)
