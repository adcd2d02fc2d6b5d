from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves

OPERATOR: Final = "operator"


class PaymentRequestState(StrEnum):
    OPEN = "open"
    PAID = "paid"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


PAYMENT_REQUEST: Final = Lifecycle(
    "payment_request",
    PaymentRequestState,
    PaymentRequestState.OPEN,
    (
        moves("pay", PaymentRequestState.OPEN, PaymentRequestState.PAID, SYSTEM, OPERATOR),
        moves("cancel", PaymentRequestState.OPEN, PaymentRequestState.CANCELLED, SYSTEM, OPERATOR),
        moves("expire", PaymentRequestState.OPEN, PaymentRequestState.EXPIRED, CLOCK),
    ),
    due={PaymentRequestState.OPEN: Due("expire", timedelta(days=60))},
)


class BankEntryState(StrEnum):
    RECEIVED = "received"
    MATCHED = "matched"
    QUEUED = "queued"
    APPLIED = "applied"
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    EXPENSED = "expensed"
    REMITTED = "remitted"
    EXCHANGED = "exchanged"


B = BankEntryState
# The clock never decides about money that nobody explained: it reminds the operator. A refund is
# over only when its payout is final; until then a cancelled or returned payout brings it back here,
# unless the bank executed that payout after all.
BANK_ENTRY: Final = Lifecycle(
    "bank_entry",
    BankEntryState,
    B.RECEIVED,
    (
        moves("match", B.RECEIVED, B.MATCHED, SYSTEM),
        moves("queue", B.RECEIVED, B.QUEUED, SYSTEM, OPERATOR, CLOCK),
        moves("apply", B.QUEUED, B.APPLIED, OPERATOR),
        moves("refund", B.QUEUED, B.REFUNDING, OPERATOR),
        moves("requeue", B.REFUNDING, B.QUEUED, SYSTEM, OPERATOR, CLOCK),
        moves("complete", B.REFUNDING, B.REFUNDED, OPERATOR, CLOCK),
        moves("complete", B.QUEUED, B.REFUNDED, SYSTEM),
        moves("charge", B.QUEUED, B.MATCHED, OPERATOR),
        moves("expense", B.QUEUED, B.EXPENSED, OPERATOR),
        moves("remit", B.QUEUED, B.REMITTED, OPERATOR),
        moves("exchange", B.QUEUED, B.EXCHANGED, OPERATOR),
        moves("remind", B.QUEUED, B.QUEUED, CLOCK),
        moves("remind", B.REFUNDING, B.REFUNDING, CLOCK),
    ),
    due={
        B.RECEIVED: Due("queue", timedelta(days=1)),
        B.QUEUED: Due("remind", timedelta(days=7)),
        B.REFUNDING: Due("remind", timedelta(days=90)),
    },
)


class PayoutState(StrEnum):
    PREPARED = "prepared"
    SENT = "sent"
    CONFIRMED = "confirmed"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    FINAL = "final"


P = PayoutState
PAYOUT: Final = Lifecycle(
    "payout",
    PayoutState,
    P.PREPARED,
    (
        moves("send", P.PREPARED, P.SENT, OPERATOR, SYSTEM),
        moves("cancel", P.PREPARED, P.CANCELLED, OPERATOR, CLOCK, SYSTEM),
        moves("confirm", P.SENT, P.CONFIRMED, SYSTEM),
        moves("refuse", P.SENT, P.RETURNED, OPERATOR, SYSTEM),
        moves("return", P.CONFIRMED, P.RETURNED, SYSTEM),
        moves("remind", P.SENT, P.SENT, CLOCK),
        moves("finish", P.CONFIRMED, P.FINAL, CLOCK, OPERATOR),
    ),
    due={
        P.PREPARED: Due("cancel", timedelta(days=7)),
        P.SENT: Due("remind", timedelta(days=7)),
        P.CONFIRMED: Due("finish", timedelta(days=60)),
    },
)
