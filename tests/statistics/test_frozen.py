"""What a deal is divided by stays as it was when it settled, and a drift of it is named."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import text

from marketplace.kernel.db import Sessions
from marketplace.kernel.events import Event
from marketplace.payments.ledger.verify import run_checks
from marketplace.statistics.folding import COUNTED, FOLDED, fold, recompute
from marketplace.statistics.releases.service import release_due
from marketplace.statistics.verify import CHECKS
from tests.factories.deals import Market
from tests.factories.world import World
from tests.statistics.facts import fact

ZONE = "Asia/Seoul"
INNER = {
    name: statement
    for name, statement in CHECKS.items()
    if name not in {"statistics equal the ledger", "statistics count the settled deals"}
}
"""Of facts without a deal there is no ledger."""


async def folded(sessions: Sessions) -> dict[str, list[str]]:
    async with sessions() as session:
        return {
            table: sorted(map(str, await session.execute(text(f"SELECT * FROM {table}"))))  # noqa: S608 - constants
            for table in FOLDED
        }


async def fold_all(sessions: Sessions) -> None:
    while await fold(sessions, ZONE):
        pass


async def test_a_party_that_moves_takes_no_figure_with_it(world: World) -> None:
    market = await Market.open(world)
    deal_id = await market.deal("settled")
    async with world.sessions.begin() as session:  # it moves before it is folded, and grows
        await session.execute(
            text(
                "UPDATE organisation SET region = 'KR-50', kind = 'university' WHERE id = ANY (:i)"
            ),
            {"i": [market.seller.organisation_id, market.buyer.organisation_id]},
        )
    await fold_all(world.sessions)
    await market.operator.post(f"/v1/deals/{deal_id}/refund-released", {"amount_minor": 1_000})
    await fold_all(world.sessions)

    before = await folded(world.sessions)

    async with world.sessions() as session:
        rows = await session.execute(
            text(
                "SELECT seller_region, buyer_region, seller_group FROM deal_fact ORDER BY sequence"
            )
        )
        facts = [tuple(row) for row in rows]
    assert len(facts) == 2
    assert {"KR-50"}.isdisjoint({*facts[0], *facts[1]})
    assert facts[0] == facts[1]
    await recompute(world.sessions, ZONE)
    assert await folded(world.sessions) == before
    assert await world.proofs() == []


async def test_the_database_freezes_what_statistics_count(sessions: Sessions) -> None:
    statement = "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = :name"
    async with sessions() as session:
        name = {"name": "event_freezes_dimensions"}
        defined: str = (await session.execute(text(statement), name)).scalar_one()
    assert [type_ for type_ in COUNTED if f"'{type_}'" not in defined] == []


def event(number: int) -> Event:
    """A deal of 2025, or late a refund of one; every fifth is free."""
    amount = 0 if number % 5 == 0 else 1_000 + number
    found = fact(f"2025-{number % 12 + 1:02}-10T00:00", amount).event()
    group = lambda offset: str(UUID(int=offset + number % 9))  # noqa: E731
    found.data["dimensions"] = {
        "seller_region": ("KR-11", "KR-26")[number % 2],
        "amount_band": "zero" if amount == 0 else "e3",
        "seller_group": group(100),
        "buyer_group": group(200),
        "deal_id": found.subject.removeprefix("deal:"),
        "agreed_at": "2024-12-01T00:00:00Z",
    }
    return found


@pytest.fixture
async def whole(world: World) -> Sessions:
    sessions = world.sessions
    events = [event(number) for number in range(120)]
    refund = event(3)
    refund.type, refund.subject = "deal.refund_released", events[15].subject
    refund.recorded_at = datetime(2025, 12, 20, tzinfo=UTC)
    async with sessions.begin() as session:
        session.add_all(events)
        await session.flush()
        session.add(refund)
    await fold_all(sessions)
    assert await release_due(sessions, ZONE, totals_known=False) == 1
    return sessions


async def problems(sessions: Sessions) -> dict[str, tuple[str, ...]]:
    async with sessions() as session:
        return {one.name: one.problems for one in await run_checks(session, INNER) if one.problems}


DRIFTS: list[tuple[str, str, str]] = [
    (
        "UPDATE deal_fact SET buyer_group = seller_group WHERE day = '2025-03-10'",
        "facts of statistics are those of the events",
        "buyer_group is",
    ),
    (
        "UPDATE deal_fact SET seller_region = 'KR-50' WHERE seller_region = 'KR-11'",
        "released cells are the sums of their facts",
        "seller_region KR-",
    ),
    (
        "UPDATE deal_day SET day = day + 1 WHERE day = '2025-03-10'",
        "sums by day are those of the facts",
        "deal_day 2025-03-11",
    ),
    (
        "UPDATE deal_rollup SET zero_deals = zero_deals + 1 WHERE month = '2025-01-01'",
        "sums by month are those of the facts",
        "deal_rollup 2025-01-01 patent sale KRW: zero_deals is",
    ),
    (
        "UPDATE figure_revision SET amount_minor = -1",
        "revisions are those of the facts",
        "amount_minor is -1 instead of -1003",
    ),
    (
        "UPDATE figure_revision SET number = 2",
        "revisions are those of the facts",
        "1 revisions are numbered up to 2",
    ),
    (
        "DELETE FROM series_month WHERE month = '2025-02-01'",
        "series are those of the events",
        "series_month 2025-02-01 settlement_days",
    ),
    (
        "UPDATE released_table SET content = '[]' WHERE dimension = 'right_kind'",
        "released tables are as they were published",
        "release 1, table right_kind KRW: its digest",
    ),
    (
        "UPDATE released_table SET content = '[]', sha256 = encode(sha256('[]'), 'hex')",
        "released tables are as they were published",
        "release 1: its digest is",
    ),
    (
        "UPDATE statistics_release SET sha256 = 'x'",
        "released tables are as they were published",
        "release 1: the event log says another digest",
    ),
]


async def test_each_drift_is_found_and_named(whole: Sessions) -> None:
    assert await problems(whole) == {}
    for drift, name, named in DRIFTS:
        async with whole() as session:
            for table in ("released_table", "statistics_release"):
                await session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            await session.execute(text(drift))
            found = {one.name: one.problems for one in await run_checks(session, INNER)}
            assert any(named in line for line in found[name]), (drift, found)
            await session.rollback()
    assert await problems(whole) == {}
