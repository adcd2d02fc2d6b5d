"""Reference rates: stored as published, and looked up for a day."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.db import fetch, now
from marketplace.kernel.events import publish
from marketplace.kernel.ids import new_id
from marketplace.kernel.lifecycle import SYSTEM
from marketplace.kernel.money import minor_digits
from marketplace.payments.currencies.ecb import Rate
from marketplace.payments.currencies.errors import NoExchangeRateError
from marketplace.payments.currencies.models import ECB
from marketplace.payments.currencies.rules import EUR, Quotation

ROWS_AT_ONCE: Final = 10_000
STALE: Final = timedelta(days=7)
"""How old the newest rate may be: rates come on working days, and holidays are long."""

_INSERT: Final = text(
    """
    INSERT INTO exchange_rate (id, created_at, source, currency, day, units_per_euro)
    SELECT id, :at, :source, currency, day, units_per_euro
    FROM unnest(CAST(:ids AS uuid[]), CAST(:currencies AS text[]), CAST(:days AS date[]),
        CAST(:rates AS numeric[])) AS given (id, currency, day, units_per_euro)
    ON CONFLICT (source, currency, day, units_per_euro) DO NOTHING RETURNING 1
    """
)
IN_FORCE: Final = """
    SELECT DISTINCT ON (currency) currency, units_per_euro, day, source, id FROM exchange_rate
    WHERE day <= {on} AND day > {on} - {stale_days} AND currency = ANY ({currencies})
    ORDER BY currency, day DESC, id DESC
"""
"""The newest row of each currency for a day; a weekend has those of the Friday."""
_RATES_ON: Final = text(
    IN_FORCE.format(
        on="CAST(:on AS date)",
        stale_days=STALE.days,
        currencies="CAST(:currencies AS text[])",
    )
)


async def store_rates(session: AsyncSession, rates: Sequence[Rate], *, source: str = ECB) -> int:
    """Store what is not known yet; a rate that differs from a known one is a row beside it.

    Returns:
        How many rows are new; none when the file was imported before.
    """
    stored = 0
    for start in range(0, len(rates), ROWS_AT_ONCE):
        batch = rates[start : start + ROWS_AT_ONCE]
        values = {
            "at": now(session),
            "source": source,
            "ids": [new_id() for _ in batch],
            "currencies": [rate.currency for rate in batch],
            "days": [rate.day for rate in batch],
            "rates": [rate.units_per_euro for rate in batch],
        }
        stored += len((await session.execute(_INSERT, values)).all())
    if stored:
        data = {"new": stored, "days_until": max(rate.day for rate in rates)}
        subject = f"exchange_rates:{source}"
        publish(session, "exchange_rates.import", subject=subject, actor=SYSTEM, data=data)
    return stored


async def quotations(
    session: AsyncSession, currencies: Iterable[str], on: date
) -> Mapping[str, Quotation]:
    """What one euro is worth in each currency on a day.

    Raises:
        NoExchangeRateError: none is known for one of them for that day or the week before.
    """
    wanted = sorted(set(currencies))
    rows = await fetch(session, _RATES_ON, on=on, currencies=wanted)
    return complete(wanted, [dict(row._mapping) for row in rows], on)  # noqa: SLF001 - a public name


def complete(
    wanted: Iterable[str], rows: Iterable[Mapping[str, Any]], on: date
) -> Mapping[str, Quotation]:
    """The rows of `IN_FORCE` by currency, and the euro, which is worth itself.

    Raises:
        UnknownCurrencyError: no currency that money can be held in.
        NoExchangeRateError: a row is missing.
    """
    found = {row["currency"]: Quotation(**row) for row in rows}
    found[EUR] = Quotation(EUR, Decimal(1), on, ECB)
    for currency in wanted:
        minor_digits(currency)
        if currency not in found:
            raise NoExchangeRateError(f"{currency} on {on}: import the file of reference rates")
    return found
