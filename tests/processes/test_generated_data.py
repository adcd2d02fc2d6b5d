"""What benchmarks generate fits the schema of today, and the product works on it."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import asyncpg
import pytest

from benchmarks import accrual, assigning, deals, encumbrances, listings
from marketplace.accounts.sessions.service import new_token
from marketplace.deals import settling
from tests.factories.world import World

FEW: Final = 8
Fill = Callable[[asyncpg.Connection], Awaitable[None]]


async def fill_listings(connection: asyncpg.Connection) -> None:
    await listings.prepare(connection)
    await listings.copy(connection, listings.batch_of(range(FEW)))


async def generated(world: World, fill: Fill) -> None:
    """Data as a benchmark writes it: right by construction, so without looking for references."""
    connection = await asyncpg.connect(world.settings.asyncpg_url())
    await connection.execute("SET session_replication_role = replica")
    await fill(connection)
    await connection.close()


@pytest.mark.parametrize(
    ("fill", "counted", "rows"),
    [
        (fill_listings, "listing", FEW),
        (partial(deals.fill_settled, deals=FEW), "event", FEW),
        (partial(accrual.fill, loans=FEW), "loan_instalment", FEW * accrual.INSTALMENTS),
        (assigning.fill, "valuation_order", assigning.ORDERS),
        (
            encumbrances.fill,
            "encumbrance",
            encumbrances.ENCUMBRANCES + encumbrances.RIGHTS - 1,
        ),
    ],
)
async def test_generated_rows_fit(world: World, fill: Fill, counted: str, rows: int) -> None:
    await generated(world, fill)
    assert await world.app.state.reads.rows(f"SELECT count(*) FROM {counted}") == [(rows,)]  # noqa: S608


async def test_generated_deals_are_released_in_four_round_trips(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session's way takes several times as many, and would do the same."""
    monkeypatch.delattr(settling, "release")
    token = new_token()
    await generated(world, partial(deals.fill_waiting, deals=FEW, token=token))
    headers = {"authorization": f"Bearer {token}"}
    for number in range(1, FEW + 1):
        answer = await world.client.post(deals.release_path(number), headers=headers)
        assert (answer.status_code, answer.json()["state"]) == (200, "settled")
