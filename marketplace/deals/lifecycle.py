from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves

BUYER: Final = "buyer"
SELLER: Final = "seller"
OPERATOR: Final = "operator"


class DealState(StrEnum):
    AGREED = "agreed"
    PARTLY_SIGNED = "partly_signed"
    SIGNED = "signed"
    FUNDED = "funded"
    TRANSFER_FILED = "transfer_filed"
    RECORDED = "recorded"
    PARTLY_RELEASED = "partly_released"
    SETTLED = "settled"
    DISPUTED = "disputed"
    DISPUTED_AFTER_RECORDAL = "disputed_after_recordal"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    REVERSED = "reversed"
    CLOSED = "closed"


D = DealState
_DAYS: Final = {days: timedelta(days=days) for days in (3, 14, 30, 60, 90, 120, 365)}

# `set_terms`, `take` and `take_effect` are those of a licence. Moves with `parts` in their names,
# `settle` and `unwind` are those of a deal whose price is paid in parts
# (`deals/parts/lifecycle.py`); `deals/settling.py` chooses between them and the others.
DEAL: Final = Lifecycle(
    "deal",
    DealState,
    D.AGREED,
    (
        moves("amend", {D.AGREED, D.PARTLY_SIGNED}, D.AGREED, BUYER, SELLER),
        moves("name_payees", {D.AGREED, D.PARTLY_SIGNED}, D.AGREED, SELLER),
        moves("name_brokers", {D.AGREED, D.PARTLY_SIGNED}, D.AGREED, BUYER, SELLER),
        moves("plan_parts", {D.AGREED, D.PARTLY_SIGNED}, D.AGREED, BUYER, SELLER),
        moves("set_terms", {D.AGREED, D.PARTLY_SIGNED}, D.AGREED, BUYER, SELLER),
        moves("take", D.AGREED, D.SIGNED, BUYER),
        moves("sign", D.AGREED, D.PARTLY_SIGNED, BUYER, SELLER),
        moves("countersign", D.PARTLY_SIGNED, D.SIGNED, BUYER, SELLER),
        moves(
            "cancel",
            {D.AGREED, D.PARTLY_SIGNED, D.SIGNED},
            D.CANCELLED,
            BUYER,
            SELLER,
            OPERATOR,
            CLOCK,
        ),
        moves("fund", D.SIGNED, D.FUNDED, SYSTEM),
        moves("take_effect", D.FUNDED, D.RECORDED, SYSTEM),
        moves("file_transfer", D.FUNDED, D.TRANSFER_FILED, SELLER),
        moves("waive_recordal", D.TRANSFER_FILED, D.TRANSFER_FILED, SELLER),
        moves("reject_recordal", D.TRANSFER_FILED, D.FUNDED, OPERATOR),
        moves("record", D.TRANSFER_FILED, D.RECORDED, OPERATOR),
        moves("confirm_waiver", D.TRANSFER_FILED, D.RECORDED, BUYER),
        moves("release", D.RECORDED, D.SETTLED, BUYER, OPERATOR, CLOCK),
        moves("release_parts", D.RECORDED, D.PARTLY_RELEASED, BUYER, OPERATOR, CLOCK),
        moves("settle", D.PARTLY_RELEASED, D.SETTLED, SYSTEM),
        moves("remind", D.PARTLY_RELEASED, D.PARTLY_RELEASED, CLOCK),
        moves("refund", D.FUNDED, D.REFUNDED, SELLER, OPERATOR, CLOCK, SYSTEM),
        moves("refund", {D.TRANSFER_FILED, D.RECORDED}, D.REFUNDED, OPERATOR),
        moves("dispute", {D.FUNDED, D.TRANSFER_FILED}, D.DISPUTED, BUYER, SELLER),
        moves(
            "dispute",
            {D.RECORDED, D.PARTLY_RELEASED},
            D.DISPUTED_AFTER_RECORDAL,
            BUYER,
            SELLER,
        ),
        moves("escalate", D.TRANSFER_FILED, D.DISPUTED, CLOCK),
        moves("remind_disputed", D.DISPUTED, D.DISPUTED, CLOCK),
        moves("remind_disputed", D.DISPUTED_AFTER_RECORDAL, D.DISPUTED_AFTER_RECORDAL, CLOCK),
        moves("thaw_funded", D.DISPUTED, D.FUNDED, SYSTEM),
        moves("thaw_filed", D.DISPUTED, D.TRANSFER_FILED, SYSTEM),
        moves("thaw_recorded", D.DISPUTED_AFTER_RECORDAL, D.RECORDED, SYSTEM),
        moves("thaw_released", D.DISPUTED_AFTER_RECORDAL, D.PARTLY_RELEASED, SYSTEM),
        moves("resolve_release", D.DISPUTED, D.SETTLED, OPERATOR),
        moves("resolve_release", D.DISPUTED_AFTER_RECORDAL, D.SETTLED, OPERATOR, CLOCK),
        moves("resolve_release_parts", D.DISPUTED, D.PARTLY_RELEASED, OPERATOR),
        moves(
            "resolve_release_parts", D.DISPUTED_AFTER_RECORDAL, D.PARTLY_RELEASED, OPERATOR, CLOCK
        ),
        moves("resolve_refund", D.DISPUTED, D.REFUNDED, OPERATOR, CLOCK),
        moves("resolve_refund", D.DISPUTED_AFTER_RECORDAL, D.REFUNDED, OPERATOR),
        moves("resolve_split", {D.DISPUTED, D.DISPUTED_AFTER_RECORDAL}, D.SETTLED, OPERATOR),
        moves("refund_released", D.PARTLY_RELEASED, D.PARTLY_RELEASED, OPERATOR),
        moves("refund_released", D.SETTLED, D.SETTLED, OPERATOR),
        moves("unwind", {D.PARTLY_RELEASED, D.DISPUTED_AFTER_RECORDAL}, D.REVERSED, OPERATOR),
        moves("reverse", D.SETTLED, D.REVERSED, OPERATOR),
        moves("close", D.SETTLED, D.CLOSED, CLOCK),
    ),
    due={
        D.AGREED: Due("cancel", _DAYS[14]),
        D.PARTLY_SIGNED: Due("cancel", _DAYS[14]),
        D.SIGNED: Due("cancel", _DAYS[30]),
        D.FUNDED: Due("refund", _DAYS[60]),
        D.TRANSFER_FILED: Due("escalate", _DAYS[120]),
        D.RECORDED: Due("release", _DAYS[3]),
        D.PARTLY_RELEASED: Due("remind", _DAYS[90]),
        D.SETTLED: Due("close", _DAYS[365]),
        D.DISPUTED: Due("resolve_refund", _DAYS[90]),
        D.DISPUTED_AFTER_RECORDAL: Due("resolve_release", _DAYS[90]),
    },
)

THAWS: Final = {
    D.FUNDED: "thaw_funded",
    D.TRANSFER_FILED: "thaw_filed",
    D.RECORDED: "thaw_recorded",
    D.PARTLY_RELEASED: "thaw_released",
}
"""How a deal goes on from where a chargeback found it, once that is won."""

ASKED_AS: Final = {
    "release_parts": "release",
    "resolve_release_parts": "resolve_release",
    "unwind": "reverse",
}
"""Moves of a deal in parts, by what people ask for, which is the same for every deal."""
