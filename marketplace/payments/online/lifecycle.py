from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves
from marketplace.payments.lifecycle import OPERATOR

PAYER: Final = "payer"


class OnlinePaymentState(StrEnum):
    CREATED = "created"
    PENDING = "pending"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    HELD = "held"
    HOLD_ENDING = "hold_ending"
    DONE = "done"
    RETURNED = "returned"


O = OnlinePaymentState  # noqa: E741 - a table is read down its columns
UNPAID: Final = frozenset({O.CREATED, O.PENDING, O.CANCELLING})
"""Before the provider has taken any money; afterwards no news leads back."""

# The clock asks the provider again when no news came, so that a lost webhook loses nothing. It
# gives warning when three quarters of the time are over in which money may be held, and has the
# deal decided before the end of it.
ONLINE_PAYMENT: Final = Lifecycle(
    "online_payment",
    OnlinePaymentState,
    O.CREATED,
    (
        moves("open", O.CREATED, O.PENDING, SYSTEM),
        moves("fail", O.PENDING, O.PENDING, SYSTEM),
        moves("look", O.CREATED, O.CREATED, CLOCK),
        moves("look", O.PENDING, O.PENDING, CLOCK),
        moves("look", O.CANCELLING, O.CANCELLING, CLOCK),
        moves("cancel", {O.CREATED, O.PENDING}, O.CANCELLING, PAYER, OPERATOR, SYSTEM),
        moves("end", {O.CREATED, O.PENDING, O.CANCELLING}, O.CANCELLED, SYSTEM, OPERATOR),
        moves("capture", UNPAID, O.HELD, SYSTEM),
        moves("return", UNPAID, O.RETURNED, SYSTEM),
        moves("warn", O.HELD, O.HOLD_ENDING, CLOCK),
        moves("decide", O.HOLD_ENDING, O.HOLD_ENDING, CLOCK, OPERATOR),
        moves("finish", {O.HELD, O.HOLD_ENDING}, O.DONE, CLOCK, OPERATOR),
    ),
    due={
        O.CREATED: Due("look", timedelta(hours=1)),
        O.PENDING: Due("look", timedelta(days=1)),
        O.CANCELLING: Due("look", timedelta(hours=1)),
        O.HELD: Due("warn", timedelta(days=60)),
        O.HOLD_ENDING: Due("decide", timedelta(days=1)),
    },
)
