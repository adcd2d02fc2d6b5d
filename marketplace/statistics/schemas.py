from datetime import date, datetime
from enum import StrEnum

from pydantic import Field

from marketplace.kernel.schemas import Output
from marketplace.payments.currencies.schemas import ExactRate
from marketplace.statistics.releases.schemas import Definitions, ReleaseRead


class Origin(StrEnum):
    PUBLISHED = "published"
    LEDGER = "ledger"


class AmountStatus(StrEnum):
    """Of an amount: a free licence is zero, and an undisclosed price is neither."""

    KNOWN = "known"
    ZERO = "zero"
    UNDISCLOSED = "undisclosed"


class Basis(StrEnum):
    LIVE = "live"
    RELEASED = "released"


class Figures(Output):
    """Deals and their amount. A price of nothing and an undisclosed one are two other things."""

    deals: int
    amount: int | None = Field(description="in the unit, rounded after summing; null: undisclosed")
    amount_minor: int | None = Field(description="exact, in minor units of the currency")
    zero_deals: int | None = Field(
        default=None, description="of the deals, those without a price; null where that is not told"
    )
    undisclosed_deals: int = Field(
        default=0, description="of the deals, those whose price nobody told; the amount lacks it"
    )


class CumulativeRow(Output):
    label: str
    begins: date
    ends: date = Field(description="last day of the period")
    origin: Origin = Field(description="`published`: printed history; `ledger`: settled here")
    status: AmountStatus = Field(description="of the period's amount")
    is_complete: bool = Field(
        default=True, description="false: only some months or quarters of the period are released"
    )
    period: Figures
    cumulative: Figures = Field(description="of the rows so far")


class KindTotal(Figures):
    kind: str


class Discrepancy(Output):
    """A printed total that its printed parts do not give; both are kept as printed."""

    printed_deals: int
    parts_deals: int
    printed_amount_minor: int
    parts_amount_minor: int | None = Field(description="of the parts that tell an amount")


class PublishedSource(Output):
    source: str
    as_of: date
    discrepancy: Discrepancy | None


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


class FigureDefinitions(Output):
    """What the figures are, so that they are not read as something else."""

    nature: str = "`period` is a flow, `cumulative` the sum of the rows so far; neither is a stock"
    counting_unit: str = "a deal, once; a price in parts counts as its parts are released"
    date_basis: str = "the day on which the price was released, in `time_zone`"
    denominator: str = "all deals settled here in the currency, and the published history"
    amounts: str = (
        "realised prices without VAT, never asking ones: known, zero (a free licence), or, in"
        " published history alone, undisclosed"
    )
    undone: str = "a refund or reversal counts negative, in the period that `view` says"
    basis: str = (
        "`live` figures are exact at once and for statisticians; `released` ones are of periods"
        " that ended, and only those that tell of no single deal"
    )


class RevisionRead(Output):
    """A change of a month that had ended: the restated view has it, in that month."""

    currency: str
    month: date
    number: int = Field(description="of the month's revisions, in order")
    day: date = Field(description="when it happened, and counts in the accounting view")
    reason: str = Field(description="the move that did it, as `refund_released` or `reverse`")
    right_kind: str
    deals: int
    amount_minor: int


class SeriesRow(Output):
    label: str
    begins: date
    ends: date = Field(description="last day of the period")
    flow: int = Field(description="what was begun in the period")
    stock: int = Field(description="how many there were at its end, or are now")
    amount_minor: int | None = Field(
        description="of the flow, where it has amounts and they may be told"
    )
    cumulative_amount_minor: int | None


class SeriesDefinitions(Output):
    """What the counts are, so that they are not read as something else."""

    nature: str = "`flow` is what began in the period, `stock` what there was at its end"
    counting_unit: str = Field(description="what is counted once")
    date_basis: str = "the day of the event, in the reporting time zone"
    denominator: str = "everything of the kind on this platform"
    amounts: str = Field(description="of what `amount_minor` is the sum")


class SeriesRead(Output):
    """One series of counts. Flow and stock are never added."""

    series: str
    counting_unit: str
    currency: str | None
    period: str
    as_of: date | None = Field(description="the last day that is counted; null: until now")
    definitions: SeriesDefinitions
    rows: list[SeriesRow]


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
    view: str = Field(default="accounting", description="where what undoes a deal is counted")
    as_of: date | None = Field(default=None, description="what was known by the end of this day")
    definitions: FigureDefinitions = Field(default_factory=FigureDefinitions)
    basis: Basis = Basis.LIVE
    release: ReleaseRead | None = Field(
        default=None, description="that tells what is not live; null: nothing was released yet"
    )
    rows: list[CumulativeRow]
    total: Figures
    by_kind: list[KindTotal]
    published: list[PublishedSource]
    converted: ConvertedTotals | None = Field(
        default=None, description="with `convert_to`: the totals of all currencies"
    )


class SealOfProof(Output):
    number: int
    hash: str
    sealed_at: datetime


class Proof(Output):
    """One published cell, counted twice."""

    basis: Basis = Field(description="whether it was released, or is told live")
    release: int | None = Field(description="the newest release that tells it")
    dimension: str
    value: str
    begins: date
    ends: date
    currency: str
    deals: int
    statistics_minor: int = Field(description="as it was published")
    ledger_minor: int = Field(description="what the ledger moved for the same deals, without VAT")
    agrees: bool = Field(description="whether both sums, and the deals counted, are the same")
    vat_elsewhere: int = Field(
        description="deals with VAT that were undone in another period, where their VAT counts"
    )
    entries: int = Field(description="transactions of the ledger")
    entries_sha256: str = Field(description="of their ids, sorted, a line each")
    seal: SealOfProof | None = Field(description="of the event log; null until it is sealed")


class CrossedCell(Output):
    value: str = Field(description="`total`, a value, or `withheld`: the rest taken together")
    status: str
    deals: int | None
    amount: int | None
    amount_minor: int | None


class CrossedRow(Output):
    value: str = Field(description="`total`: of the columns; or a value")
    cells: list[CrossedCell]


class CrossedTable(Output):
    """Deals of one year by two dimensions, under the rules for the statistics of the state."""

    down: str
    across: str
    begins: date
    ends: date
    unit: str
    unit_label: str
    currency: str
    release: ReleaseRead = Field(description="what had been told everybody when it was made")
    rules: dict[str, int]
    definitions: Definitions
    rows: list[CrossedRow]
