from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, Due, Lifecycle, moves
from marketplace.payments.lifecycle import OPERATOR

PAYEE: Final = "payee"


class ConversionState(StrEnum):
    QUOTED = "quoted"
    CONFIRMED = "confirmed"
    CONVERTED = "converted"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    EXPIRED = "expired"


C = ConversionState
# A quote is of the rate of one day, frozen; the longer it is open, the more one side can gain.
CONVERSION: Final = Lifecycle(
    "conversion",
    ConversionState,
    C.QUOTED,
    (
        moves("confirm", C.QUOTED, C.CONFIRMED, PAYEE),
        moves("convert", C.CONFIRMED, C.CONVERTED, OPERATOR),
        moves("withdraw", {C.QUOTED, C.CONFIRMED}, C.WITHDRAWN, PAYEE),
        moves("decline", {C.QUOTED, C.CONFIRMED}, C.DECLINED, OPERATOR),
        moves("expire", {C.QUOTED, C.CONFIRMED}, C.EXPIRED, CLOCK),
    ),
    due={
        C.QUOTED: Due("expire", timedelta(hours=1)),
        C.CONFIRMED: Due("expire", timedelta(days=1)),
    },
)
