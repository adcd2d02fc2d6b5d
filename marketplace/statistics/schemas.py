from datetime import date
from enum import StrEnum

from pydantic import Field

from marketplace.kernel.schemas import Output
from marketplace.payments.currencies.schemas import ExactRate


class Origin(StrEnum):
    PUBLISHED = "published"
    LEDGER = "ledger"


class Figures(Output):
    deals: int
    amount: int = Field(description="in the unit, rounded after summing")
    amount_minor: int = Field(description="exact, in minor units of the currency")


class CumulativeRow(Output):
    label: str
    begins: date
    ends: date = Field(description="last day of the period")
    origin: Origin = Field(description="`published`: printed history; `ledger`: settled here")
    period: Figures
    cumulative: Figures


class KindTotal(Figures):
    kind: str


class PublishedSource(Output):
    source: str
    as_of: date
    discrepancy: str | None


class RateUsed(Output):
    currency: str
    units_per_euro: ExactRate
    day: date = Field(description="when it was published, at or before the day asked for")
    source: str


class CurrencySum(Output):
    currency: str
    deals: int
    amount_minor: int = Field(description="exact, in minor units of this currency")


class CurrencyTotal(CurrencySum):
    converted_minor: int = Field(description="rounded; parts may not add up to the total")


class ConvertedTotals(Output):
    """All quoted currencies as one figure, by the reference rates of a day; never stored."""

    currency: str
    rates_of: date
    deals: int
    amount_minor: int = Field(description="converted exactly, summed, then rounded half up")
    by_currency: list[CurrencyTotal]
    unconverted: list[CurrencySum] = Field(
        description="what the totals leave out: no reference rate is known for that day"
    )
    rates: list[RateUsed]


class CumulativeTable(Output):
    """Flow of settled deals; counted once a deal, in the period of its settlement.

    A reversal or a later refund counts negative in its own period. Amounts are realised prices
    without VAT, never asking ones; a price in parts counts as its parts are released.
    """

    unit: str
    unit_label: str
    currency: str
    period: str
    kind: str | None
    time_zone: str
    rows: list[CumulativeRow]
    total: Figures
    by_kind: list[KindTotal]
    published: list[PublishedSource]
    converted: ConvertedTotals | None = Field(
        default=None, description="with `convert_to`: the totals of all currencies"
    )
