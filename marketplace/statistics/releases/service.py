"""Making a release: every table at once, from what was folded, never changed afterwards."""

import hashlib
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.kernel.db import Sessions, now
from marketplace.kernel.events import publish
from marketplace.statistics.dimensions import DIMENSIONS, UNKNOWN
from marketplace.statistics.disclosure.rules import PUBLIC
from marketplace.statistics.folding import fold
from marketplace.statistics.models import ReleasedTable, StatisticsRelease
from marketplace.statistics.releases.building import Part, Row, build

SETTLING_DOWN: Final = timedelta(days=1)
"""How long after its end a month is published: by then no transaction of it is still open."""
LOCK: Final = 0x0F16

_LOCK: Final = text("SELECT pg_advisory_xact_lock(:key)")
_SCOPE: Final = text(
    """
    SELECT array_agg(DISTINCT currency ORDER BY currency), max(sequence)
    FROM deal_fact WHERE day <= :until
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
_BEGINNING: Final = date(1, 1, 1)


async def release_due(sessions: Sessions, zone: str, *, totals_known: bool) -> int:
    """Publish the months that ended since the last release; 0 when there is nothing new."""
    while await fold(sessions, zone):
        pass
    async with sessions.begin() as session:
        made = await make_release(session, zone, totals_known=totals_known)
    return 0 if made is None else 1


async def make_release(
    session: AsyncSession, zone: str, *, totals_known: bool
) -> StatisticsRelease | None:
    """Publish what ended and was folded; None when the last release says it all."""
    await session.execute(_LOCK, {"key": LOCK})
    until = _last_ended(session, zone)
    last = await latest(session)
    if last and last.as_of >= until:
        return None
    currencies, sequence = (await session.execute(_SCOPE, {"until": until})).one()
    if not currencies:
        return None
    tables = {
        (dimension, currency): await _table(
            session, dimension, currency, last, until, totals_known=totals_known
        )
        for currency in currencies
        for dimension in DIMENSIONS
    }
    return await _store(session, last, until, sequence, tables)


def _last_ended(session: AsyncSession, zone: str) -> date:
    """The last day of the last month that ended and settled down."""
    today = (now(session) - SETTLING_DOWN).astimezone(ZoneInfo(zone)).date()
    return today.replace(day=1) - timedelta(days=1)


async def latest(session: AsyncSession) -> StatisticsRelease | None:
    query = select(StatisticsRelease).order_by(col(StatisticsRelease.number).desc()).limit(1)
    return (await session.execute(query)).scalar_one_or_none()


async def _table(
    session: AsyncSession,
    dimension: str,
    currency: str,
    last: StatisticsRelease | None,
    until: date,
    *,
    totals_known: bool,
) -> str:
    earlier = await _earlier(session, dimension, currency, last)
    begins = (last.as_of + timedelta(days=1)).replace(month=1, day=1) if last else _BEGINNING
    values = {"currency": currency, "begins": begins, "until": until}
    statement = text(_PARTS.format(dimension=dimension, unknown=UNKNOWN))
    parts = [Part(*row) for row in await session.execute(statement, values)]
    rows = build(parts, earlier, until, PUBLIC, totals_known=totals_known)
    return orjson.dumps(rows).decode()


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
    tables: dict[tuple[str, str], str],
) -> StatisticsRelease:
    digests = {key: _digest(content) for key, content in tables.items()}
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
        for (dimension, currency), content in tables.items()
    )
    data: dict[str, Any] = {"as_of": until, "sha256": made.sha256}
    subject = f"statistics_release:{made.number}"
    publish(session, "statistics.release", subject=subject, actor="system", data=data)
    await session.flush()
    return made


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()
