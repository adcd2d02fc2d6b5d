"""Totals of every currency as one figure, at the edge: worked out when asked, and never stored."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from marketplace.kernel.driver_pools import Reads
from marketplace.payments.currencies.rules import EUR, STALE, Quotation, converted, rounded
from marketplace.payments.currencies.service import IN_FORCE, complete
from marketplace.statistics.folding import CONSUMER, FACTS
from marketplace.statistics.schemas import ConvertedTotals, CurrencySum, CurrencyTotal, RateUsed

_SUMS: Final = f"""
    SELECT currency, sum(deals)::bigint AS deals,
        coalesce(sum(amount_minor), 0)::bigint AS amount_minor
    FROM (
        SELECT right_kind, currency, deals, amount_minor FROM deal_rollup
        UNION ALL
        SELECT right_kind, currency, deals, amount_minor FROM (
            {FACTS % {"time_zone": "$1"}}
            AND (e.transaction_id, e.sequence) > (
                SELECT transaction_id, sequence FROM event_consumer WHERE name = '{CONSUMER}'
                UNION ALL SELECT '0'::xid8, 0::bigint LIMIT 1)
        ) fresh
        UNION ALL
        SELECT NULL, s.currency, f.deals, f.amount_minor
        FROM published_series s JOIN published_figure f ON f.series_id = s.id
        WHERE s.as_of = (SELECT max(n.as_of) FROM published_series n WHERE n.source = s.source)
    ) facts
    WHERE $2::text IS NULL OR right_kind = $2 GROUP BY currency ORDER BY currency
"""  # noqa: S608 - built from constants
_RATES: Final = IN_FORCE.format(on="$1::date", stale_days=STALE.days, currencies="$2::text[]")


@dataclass(frozen=True, slots=True)
class CurrencyFigures:
    """Deals in a currency, and what they sum to."""

    currency: str
    deals: int
    amount_minor: int


async def live_sums(reads: Reads, kind: str | None, time_zone: str) -> list[CurrencyFigures]:
    """What every currency sums to at this moment, with printed history."""
    rows = await reads.rows(_SUMS, time_zone, kind)
    return [CurrencyFigures(**dict(row)) for row in rows]


async def converted_totals(
    reads: Reads, every: Sequence[CurrencyFigures], *, into: str, on: date
) -> ConvertedTotals:
    """The sums of each currency, and what they make together by the rates of a day.

    The whole is rounded once, so that it may differ by some units from the rounded parts. A
    currency that nobody quotes stands beside it as it is.

    Raises:
        NoExchangeRateError: no rate of the wanted currency is known for that day.
    """
    asked = sorted({row.currency for row in every} | {into})
    found = [dict(row) for row in await reads.rows(_RATES, on, asked)]
    quoted = {row["currency"] for row in found} | {EUR}
    wanted = [currency for currency in asked if currency in quoted or currency == into]
    rates = complete(wanted, found, on)
    sums = [row for row in every if row.currency in quoted]
    exact = [converted(row.amount_minor, rates[row.currency], rates[into]) for row in sums]
    return ConvertedTotals(
        currency=into,
        rates_of=on,
        deals=sum(row.deals for row in sums),
        amount_minor=rounded(sum(exact, Fraction(0))),
        by_currency=[
            CurrencyTotal(
                **asdict(row),
                converted_minor=rounded(one),
            )
            for row, one in zip(sums, exact, strict=True)
        ],
        unconverted=[
            CurrencySum.model_validate(asdict(row)) for row in every if row.currency not in quoted
        ],
        rates=_used(rates, wanted),
    )


def _used(rates: Mapping[str, Quotation], wanted: Sequence[str]) -> list[RateUsed]:
    return [RateUsed.model_validate(rates[currency]) for currency in wanted]
