"""Making a release: every table at once, from what was folded, never changed afterwards."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from starlette.concurrency import run_in_threadpool

from marketplace.kernel.db import Sessions, now
from marketplace.kernel.events import publish
from marketplace.statistics.dimensions import DIMENSIONS, UNKNOWN
from marketplace.statistics.disclosure.rules import PUBLIC
from marketplace.statistics.folding import fold
from marketplace.statistics.models import ReleasedTable, StatisticsRelease
from marketplace.statistics.releases.building import Part, Row, build_year, in_order

SETTLING_DOWN: Final = timedelta(days=1)
"""How long after its end a month is published: by then no transaction of it is still open."""
LOCK: Final = 0x0F16

_LOCK: Final = text("SELECT pg_advisory_xact_lock(:key)")
_SCOPE: Final = text(
    """
    SELECT array_agg(DISTINCT currency ORDER BY currency), coalesce(max(sequence), 0),
        count(*)
    FROM deal_fact WHERE day <= :until
    """
)
_YEARS: Final = text(
    """
    SELECT DISTINCT extract(year FROM day)::int FROM deal_fact
    WHERE currency = :currency AND day >= :begins AND day <= :until ORDER BY 1
    """
)
_PARTS: Final = """
    SELECT date_trunc('month', day)::date, {dimension},
        coalesce(seller_group::text, '{unknown}'), coalesce(buyer_group::text, '{unknown}'),
        sum(deals)::bigint, sum(amount_minor)::bigint, sum(abs(amount_minor))::bigint
    FROM deal_fact
    WHERE currency = :currency AND day >= :begins AND day <= :until
    GROUP BY 1, 2, 3, 4
"""
_LENT: Final = text(
    """
    SELECT lent.month, 'loan', lent.lender::text, lent.borrower::text, count(*),
        sum(lent.amount_minor)::bigint, sum(lent.amount_minor)::bigint, lent.currency
    FROM (
        SELECT date_trunc('month', e.recorded_at AT TIME ZONE :zone)::date AS month,
            group_head(l.lender_organisation_id, e.recorded_at::date) AS lender,
            group_head(l.borrower_organisation_id, e.recorded_at::date) AS borrower,
            e.data ->> 'currency' AS currency, (e.data ->> 'amount_minor')::bigint AS amount_minor
        FROM loan l JOIN event e ON e.subject = 'loan:' || l.id AND e.type = 'loan.disburse'
        WHERE (e.recorded_at AT TIME ZONE :zone)::date BETWEEN :begins AND :until
    ) lent GROUP BY lent.month, lent.lender, lent.borrower, lent.currency
    """
)
"""What lenders paid out to borrowers, by their groups."""
_BEGINNING: Final = date(1, 1, 1)
FINANCING: Final = "financing"
"""The released table of new supply; its series has the same name."""

Tables = dict[tuple[str, str], list[Row]]
"""The cells of each table, by its dimension and its currency."""


async def release_due(sessions: Sessions, zone: str, *, totals_known: bool) -> int:
    """Publish the months that ended since the last release; 0 when there is nothing new.

    Deciding what may be told takes its time, and holds no transaction; should facts be folded anew
    meanwhile, or somebody else publish, nothing is stored.
    """
    while await fold(sessions, zone):
        pass
    async with sessions() as session:
        last, until = await latest(session), _last_ended(session, zone)
        scope = await _scope(session, until)
    if last and last.as_of >= until:
        return 0
    tables = await _financing(sessions, zone, last, until)
    for currency in scope.currencies:
        tables |= await _deals(sessions, currency, last, until, totals_known=totals_known)
    if not tables:
        return 0
    async with sessions.begin() as session:
        await session.execute(_LOCK, {"key": LOCK})
        newest = await latest(session)
        is_same = (newest and newest.number) == (last and last.number)
        if not is_same or await _scope(session, until) != scope:
            return 0
        await _store(session, last, until, scope.sequence, tables)
    return 1


@dataclass(frozen=True, slots=True)
class Scope:
    """What there is to publish; it changes only while facts are folded anew."""

    currencies: tuple[str, ...]
    sequence: int
    facts: int


async def _scope(session: AsyncSession, until: date) -> Scope:
    currencies, sequence, facts = (await session.execute(_SCOPE, {"until": until})).one()
    return Scope(tuple(currencies or ()), sequence, facts)


def _last_ended(session: AsyncSession, zone: str) -> date:
    """The last day of the last month that ended and settled down."""
    today = (now(session) - SETTLING_DOWN).astimezone(ZoneInfo(zone)).date()
    return today.replace(day=1) - timedelta(days=1)


async def latest(session: AsyncSession) -> StatisticsRelease | None:
    query = select(StatisticsRelease).order_by(col(StatisticsRelease.number).desc()).limit(1)
    return (await session.execute(query)).scalar_one_or_none()


async def _deals(
    sessions: Sessions,
    currency: str,
    last: StatisticsRelease | None,
    until: date,
    *,
    totals_known: bool,
) -> Tables:
    """The tables by every dimension, a year after the other: together they share their totals."""
    span = {"currency": currency, "begins": _begins(last), "until": until}
    async with sessions() as session:
        tables = {name: await _earlier(session, name, currency, last) for name in DIMENSIONS}
        years = (await session.execute(_YEARS, span)).scalars().all()
    for year in years:
        values = span | {"begins": date(year, 1, 1), "until": min(until, date(year, 12, 31))}
        parts = await _parts(sessions, values)
        await run_in_threadpool(_add, tables, parts, year, until, totals_known=totals_known)
    return {(name, currency): in_order(rows) for name, rows in tables.items()}


async def _parts(sessions: Sessions, values: Mapping[str, Any]) -> dict[str, list[Part]]:
    parts = {}
    async with sessions() as session:
        for name in DIMENSIONS:
            statement = text(_PARTS.format(dimension=name, unknown=UNKNOWN))
            parts[name] = [Part(*row) for row in await session.execute(statement, values)]
    return parts


async def _financing(
    sessions: Sessions, zone: str, last: StatisticsRelease | None, until: date
) -> Tables:
    """New supply of loans, whose single amounts are as confidential as those of deals."""
    values = {"zone": zone, "begins": _begins(last), "until": until}
    async with sessions() as session:
        found = (await session.execute(_LENT, values)).all()
        currencies = {row.currency for row in found} | await _lent_before(session, last)
        told = {one: await _earlier(session, FINANCING, one, last) for one in currencies}
    tables: Tables = {}
    for currency in sorted(currencies):
        rows = {FINANCING: told[currency]}
        mine = [Part(*row[:7]) for row in found if row.currency == currency]
        for year in sorted({part.month.year for part in mine}):
            parts = {FINANCING: [part for part in mine if part.month.year == year]}
            await run_in_threadpool(_add, rows, parts, year, until, totals_known=False)
        tables[FINANCING, currency] = in_order(rows[FINANCING])
    return tables


async def _lent_before(session: AsyncSession, last: StatisticsRelease | None) -> set[str]:
    query = select(ReleasedTable.currency).where(
        col(ReleasedTable.release) == (last.number if last else 0),
        col(ReleasedTable.dimension) == FINANCING,
    )
    return {*(await session.execute(query)).scalars()}


def _add(
    tables: dict[str, list[Row]],
    parts: Mapping[str, Sequence[Part]],
    year: int,
    until: date,
    *,
    totals_known: bool,
) -> None:
    """Decide what ended in a year, beside what was released of it before."""
    earlier = {
        name: [row for row in rows if row["begins"].startswith(f"{year:04}")]
        for name, rows in tables.items()
    }
    added = build_year(parts, earlier, until, PUBLIC, totals_known=totals_known)
    for name, rows in added.items():
        tables[name] += rows


def _begins(last: StatisticsRelease | None) -> date:
    """Since when something may be undecided: the year of the day after the last release."""
    return (last.as_of + timedelta(days=1)).replace(month=1, day=1) if last else _BEGINNING


async def _earlier(
    session: AsyncSession, dimension: str, currency: str, last: StatisticsRelease | None
) -> list[Row]:
    if last is None:
        return []
    found = await session.get(ReleasedTable, (last.number, dimension, currency))
    return [] if found is None else list(orjson.loads(found.content))


async def _store(
    session: AsyncSession,
    last: StatisticsRelease | None,
    until: date,
    sequence: int,
    tables: Tables,
) -> StatisticsRelease:
    contents = {key: orjson.dumps(rows).decode() for key, rows in tables.items()}
    digests = {key: _digest(content) for key, content in contents.items()}
    whole = "".join(f"{d} {c} {digest}\n" for (d, c), digest in sorted(digests.items()))
    made = StatisticsRelease(
        number=last.number + 1 if last else 1,
        as_of=until,
        made_at=now(session),
        last_sequence=sequence,
        sha256=_digest(whole),
        rules=asdict(PUBLIC),
    )
    session.add(made)
    await session.flush()
    session.add_all(
        ReleasedTable(
            release=made.number,
            dimension=dimension,
            currency=currency,
            content=content,
            sha256=digests[dimension, currency],
        )
        for (dimension, currency), content in contents.items()
    )
    data: dict[str, Any] = {"as_of": until, "sha256": made.sha256}
    subject = f"statistics_release:{made.number}"
    publish(session, "statistics.release", subject=subject, actor="system", data=data)
    await session.flush()
    return made


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()
