"""However the facts are folded, and whenever one reads: the same figures."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import product
from string import ascii_uppercase
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from marketplace.kernel.db import Sessions
from marketplace.statistics import folding
from marketplace.statistics.folding import COUNTED, fold, fold_next, recompute
from marketplace.statistics.periods import Period
from marketplace.statistics.queries import cumulative_table
from marketplace.statistics.units import Unit
from tests.factories.world import World
from tests.statistics.facts import Fact, fact, record

SEOUL = "Asia/Seoul"
ROLLUP = text("SELECT month, right_kind, currency, deals, amount_minor FROM deal_rollup ORDER BY 1")
WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
CODES = map("".join, product(ascii_uppercase, repeat=3))
"""Each example has a currency of its own, so that one database serves them all."""

Rows = dict[tuple[int, int], tuple[int, int]]

moments = st.datetimes(
    datetime(2026, 11, 30),  # noqa: DTZ001 - the strategy adds the zone
    datetime(2027, 2, 2),  # noqa: DTZ001
    timezones=st.just(UTC),
)
facts = st.builds(
    Fact,
    at=moments,
    amount_minor=st.integers(1, 10**15 - 1),
    right_kind=st.sampled_from(["patent", "idea"]),
    type=st.sampled_from(sorted(COUNTED)),
)
FOLD = None


def expected(found: Sequence[Fact]) -> Rows:
    """Deals and amounts by month of Seoul, added up in Python."""
    deals: Counter[tuple[int, int]] = Counter()
    amounts: Counter[tuple[int, int]] = Counter()
    for each in found:
        local = each.at.astimezone(ZoneInfo(SEOUL))
        deals[local.year, local.month] += each.deals
        amounts[local.year, local.month] += each.signed_minor
    return {month: (deals[month], amounts[month]) for month in sorted(deals)}


async def shown(world: World, currency: str) -> Rows:
    table = await cumulative_table(
        world.app.state.reads,
        period=Period.MONTH,
        kind=None,
        unit=Unit(currency, currency, currency, 1),
        time_zone=SEOUL,
    )
    assert sum(each.amount_minor for each in table.by_kind) == table.total.amount_minor
    return {
        (row.begins.year, row.begins.month): (row.period.deals, row.period.amount_minor)
        for row in table.rows
    }


async def rollup(sessions: Sessions) -> list[object]:
    async with sessions() as session:
        return sorted(tuple(row) for row in (await session.execute(ROLLUP)).all())


async def fold_all(sessions: Sessions) -> None:
    while await fold(sessions, SEOUL):
        pass


@pytest.fixture
def by_twos(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fold two events at a time, so that a few make several batches."""
    monkeypatch.setattr(folding, "EVENTS_AT_ONCE", 2)


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(facts | st.just(FOLD), max_size=8))
async def test_a_read_is_exact_between_any_facts_and_folds(
    world: World, by_twos: None, steps: list[Fact | None]
) -> None:
    currency, so_far = next(CODES), list[Fact]()
    for step in steps:
        if step is FOLD:
            await fold(world.sessions, SEOUL)
        else:
            so_far.append(Fact(step.at, step.amount_minor, step.right_kind, currency, step.type))
            await record(world.sessions, so_far[-1])
        assert await shown(world, currency) == expected(so_far)

    await fold_all(world.sessions)
    incremental = await rollup(world.sessions)
    await recompute(world.sessions, SEOUL)
    assert await rollup(world.sessions) == incremental
    assert await shown(world, currency) == expected(so_far)


async def test_an_open_transaction_holds_back_folding_and_nothing_is_passed_over(
    world: World,
) -> None:
    async with world.sessions() as slow:
        slow.add(fact("2026-02-01T00:00", 1).event())
        await slow.flush()
        await record(world.sessions, fact("2026-03-01T00:00", 2))

        assert await fold(world.sessions, SEOUL) == 0
        assert await shown(world, "KRW") == {(2026, 3): (1, 2)}

        await slow.commit()
    assert await shown(world, "KRW") == {(2026, 2): (1, 1), (2026, 3): (1, 2)}
    assert await fold(world.sessions, SEOUL) == 2
    assert await shown(world, "KRW") == {(2026, 2): (1, 1), (2026, 3): (1, 2)}
    assert await fold(world.sessions, SEOUL) == 0


async def test_many_workers_fold_each_fact_once(world: World, by_twos: None) -> None:
    await record(world.sessions, *(fact("2026-02-01T00:00", 10**n) for n in range(12)))

    await asyncio.gather(*(fold_all(world.sessions) for _ in range(4)))
    await fold_all(world.sessions)

    assert await shown(world, "KRW") == {(2026, 2): (12, 111_111_111_111)}
    assert len(await rollup(world.sessions)) == 1


async def test_recomputing_waits_for_a_fold_under_way(world: World) -> None:
    await record(world.sessions, fact("2026-01-01T00:00", 5))
    await fold_all(world.sessions)
    await record(world.sessions, fact("2026-02-01T00:00", 7))
    async with world.sessions() as folder:
        assert await fold_next(folder, SEOUL) == 1
        recomputing = asyncio.create_task(recompute(world.sessions, SEOUL))
        async with world.sessions() as observer:
            while not (await observer.execute(WAITING)).scalar_one():
                assert not recomputing.done()
        await folder.commit()
    assert await recomputing == 2

    assert await rollup(world.sessions) == [
        (date(2026, 1, 1), "patent", "KRW", 1, 5),
        (date(2026, 2, 1), "patent", "KRW", 1, 7),
    ]
