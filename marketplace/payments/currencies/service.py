"""Reference rates: stored as published, and looked up for a day."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.db import fetch, now
from marketplace.kernel.events import publish
from marketplace.kernel.ids import new_id
from marketplace.kernel.lifecycle import SYSTEM
from marketplace.kernel.money import minor_digits
from marketplace.payments.currencies.ecb import Rate
from marketplace.payments.currencies.errors import NoExchangeRateError, RateJumpError
from marketplace.payments.currencies.models import ECB
from marketplace.payments.currencies.rules import EUR, STALE, Key, Quotation, jumps

ROWS_AT_ONCE: Final = 10_000
JUMPS_TOLD_MAX: Final = 5

_INSERT: Final = text(
    """
    INSERT INTO exchange_rate (id, created_at, source, currency, day, units_per_euro)
    SELECT id, :at, :source, currency, day, units_per_euro
    FROM unnest(CAST(:ids AS uuid[]), CAST(:currencies AS text[]), CAST(:days AS date[]),
        CAST(:rates AS numeric[])) AS given (id, currency, day, units_per_euro)
    """
)
_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(hashtext('exchange_rate.import'))")
_KNOWN: Final = text(
    """
    SELECT DISTINCT ON (day, currency) day, currency, units_per_euro FROM exchange_rate
    WHERE source = :source AND day BETWEEN :since AND :until ORDER BY day, currency, id DESC
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


async def store_rates(
    session: AsyncSession, rates: Sequence[Rate], *, source: str = ECB, force: bool = False
) -> int:
    """Store what differs from the rates in force, each as a row beside the one that it corrects.

    With `force`, rates too that are far from those of the days beside them.

    Returns:
        How many rows are new; none when the file agrees with what is in force.

    Raises:
        RateJumpError: nothing was stored, since a rate is probably wrong.
    """
    await session.execute(_ONE_AT_A_TIME)
    given = {(rate.currency, rate.day): rate.units_per_euro for rate in rates}
    known = await _known(session, source, {day for _, day in given})
    new = {key: rate for key, rate in given.items() if known.get(key) != rate}
    if not force:
        _require_no_jump(known, new)
    await _insert(session, new, source)
    if new:
        data = {"new": len(new), "days_until": max(day for _, day in given)}
        subject = f"exchange_rates:{source}"
        publish(session, "exchange_rates.import", subject=subject, actor=SYSTEM, data=data)
    return len(new)


async def _known(session: AsyncSession, source: str, days: AbstractSet[date]) -> dict[Key, Decimal]:
    """What is in force on some days, and on those beside them."""
    if not days:
        return {}
    around = {"since": min(days) - STALE, "until": max(days) + STALE}
    rows = await fetch(session, _KNOWN, source=source, **around)
    return {(row.currency, row.day): row.units_per_euro.normalize() for row in rows}


def _require_no_jump(known: Mapping[Key, Decimal], new: Mapping[Key, Decimal]) -> None:
    found = list(islice(jumps(known, new), JUMPS_TOLD_MAX))
    if found:
        told = "; ".join(found)
        raise RateJumpError(f"{told}. If it is right, import it with --force")


async def _insert(session: AsyncSession, new: Mapping[Key, Decimal], source: str) -> None:
    rows = sorted(new.items())
    for start in range(0, len(rows), ROWS_AT_ONCE):
        batch = rows[start : start + ROWS_AT_ONCE]
        values = {
            "at": now(session),
            "source": source,
            "ids": [new_id() for _ in batch],
            "currencies": [currency for (currency, _), _ in batch],
            "days": [day for (_, day), _ in batch],
            "rates": [rate for _, rate in batch],
        }
        await session.execute(_INSERT, values)


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
