from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves

CLIENT: Final = "client"
OPERATOR: Final = "operator"
PAYER: Final = "payer"
"""Sees an order that it pays for, without the reports."""


class OrderState(StrEnum):
    AWAITING_PAYMENT = "awaiting_payment"
    OPEN = "open"
    DELIVERED = "delivered"
    OBJECTED = "objected"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    FAILED = "failed"


O = OrderState  # noqa: E741 - a table below, read as one

# What an open order waits for ends with its own deadline and a time after it; what `pay` says of
# it takes the place of the days in the table. A report that is in is paid for, unless an operator
# finds an objection right: the work was done, and a survey of its quality is open to the client.
VALUATION_ORDER: Final = Lifecycle(
    "valuation_order",
    OrderState,
    O.AWAITING_PAYMENT,
    (
        moves("cancel", O.AWAITING_PAYMENT, O.CANCELLED, CLIENT, PAYER, OPERATOR, CLOCK),
        moves("pay", O.AWAITING_PAYMENT, O.OPEN, SYSTEM),
        moves("withdraw", O.OPEN, O.WITHDRAWN, CLIENT),
        moves("deliver", O.OPEN, O.DELIVERED, SYSTEM, OPERATOR, CLOCK),
        moves("fail", O.OPEN, O.FAILED, OPERATOR, CLOCK),
        moves("reopen", O.DELIVERED, O.OPEN, SYSTEM),
        moves("accept", O.DELIVERED, O.COMPLETED, CLIENT, CLOCK),
        moves("object", O.DELIVERED, O.OBJECTED, CLIENT),
        moves("dismiss", O.OBJECTED, O.COMPLETED, OPERATOR, CLOCK),
        moves("sustain", O.OBJECTED, O.FAILED, OPERATOR),
    ),
    due={
        O.AWAITING_PAYMENT: Due("cancel", timedelta(days=14)),
        O.OPEN: Due("fail", timedelta(days=120)),
        O.DELIVERED: Due("accept", timedelta(days=7)),
        O.OBJECTED: Due("dismiss", timedelta(days=60)),
    },
)

GRACE: Final = timedelta(days=30)
"""So long after its deadline an open order is still worked on."""
PUBLIC_TO_CLIENT: Final = frozenset({O.DELIVERED, O.OBJECTED, O.COMPLETED})
"""When its client reads the reports, and learns who wrote them."""
