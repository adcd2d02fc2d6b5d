from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.deals.licences.lifecycle import LICENSEE, LICENSOR, OPERATOR
from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves


class ReportState(StrEnum):
    RUNNING = "running"
    AWAITED = "awaited"
    LATE = "late"
    FILED = "filed"
    DISPUTED = "disputed"
    ACCEPTED = "accepted"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class PaymentState(StrEnum):
    REQUESTED = "requested"
    UNPAID = "unpaid"
    RELEASED = "released"
    WAIVED = "waived"
    SUPERSEDED = "superseded"


R = ReportState
_DAYS: Final = {days: timedelta(days=days) for days in (30, 55, 90, 180, 1_095)}
_TOLD: Final = (R.FILED, R.DISPUTED, R.ACCEPTED)

# A period runs, and is over; then its figures are awaited, and late when nobody filed them by the
# day agreed. Figures may be corrected as long as they may be audited, for three years.
ROYALTY_REPORT: Final = Lifecycle(
    "royalty_report",
    ReportState,
    R.RUNNING,
    (
        moves("open", R.RUNNING, R.AWAITED, CLOCK, SYSTEM),
        moves("file", {R.AWAITED, R.LATE}, R.FILED, LICENSEE),
        moves("become_late", R.AWAITED, R.LATE, CLOCK),
        moves("remind", R.LATE, R.LATE, CLOCK),
        moves("correct", _TOLD, R.FILED, LICENSEE),
        moves("accept", R.FILED, R.ACCEPTED, LICENSOR, CLOCK),
        moves("accept", R.DISPUTED, R.ACCEPTED, LICENSOR, OPERATOR),
        moves("dispute", R.FILED, R.DISPUTED, LICENSOR),
        moves("remind", R.DISPUTED, R.DISPUTED, CLOCK),
        moves("audit", _TOLD, R.ACCEPTED, LICENSEE, OPERATOR),
        moves("close", R.ACCEPTED, R.CLOSED, CLOCK),
        moves("cancel", {R.RUNNING, R.AWAITED, R.LATE}, R.CANCELLED, SYSTEM, OPERATOR),
    ),
    due={
        R.RUNNING: Due("open", _DAYS[90]),
        R.AWAITED: Due("become_late", _DAYS[30]),
        R.LATE: Due("remind", _DAYS[30]),
        R.FILED: Due("accept", _DAYS[90]),
        R.DISPUTED: Due("remind", _DAYS[90]),
        R.ACCEPTED: Due("close", _DAYS[1_095]),
    },
)

TOLD: Final = frozenset((*_TOLD, R.CLOSED))
"""Reports whose figures count."""

Y = PaymentState
_SIDES: Final = (LICENSOR, LICENSEE, OPERATOR)
ROYALTY_PAYMENT: Final = Lifecycle(
    "royalty_payment",
    PaymentState,
    Y.REQUESTED,
    (
        moves("release", Y.REQUESTED, Y.RELEASED, SYSTEM),
        moves("lapse", Y.REQUESTED, Y.UNPAID, CLOCK),
        moves("request", Y.UNPAID, Y.REQUESTED, *_SIDES),
        moves("remind", Y.UNPAID, Y.UNPAID, CLOCK),
        moves("waive", {Y.REQUESTED, Y.UNPAID}, Y.WAIVED, LICENSOR),
        moves("supersede", {Y.REQUESTED, Y.UNPAID}, Y.SUPERSEDED, SYSTEM),
    ),
    due={
        Y.REQUESTED: Due("lapse", _DAYS[55]),
        Y.UNPAID: Due("remind", _DAYS[30]),
    },
)

OPEN: Final = frozenset((Y.REQUESTED, Y.UNPAID))
COUNTING: Final = OPEN | {Y.RELEASED, Y.WAIVED}
"""Payments that settle charges, or are asked for to settle them."""
