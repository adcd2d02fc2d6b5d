"""The commission over time: begun from now on, never overlapping, frozen into each deal."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from marketplace.kernel.db import Sessions
from marketplace.kernel.money import share_of
from marketplace.payments.fees.service import policy_at
from tests.factories.bank import BankDesk, refused
from tests.factories.deals import Market, ok
from tests.factories.people import person
from tests.factories.world import World

FIRST_BASIS_POINTS = 500


def policy(basis_points: Any, begins: str | None = None) -> dict[str, Any]:
    body = {"commission_basis_points": basis_points, "reason": "the board decided"}
    return body | ({"valid_from": begins} if begins else {})


def from_now(**delta: float) -> str:
    return (datetime.now(UTC) + timedelta(**delta)).isoformat()


async def rate_at(sessions: Sessions, moment: datetime) -> int:
    async with sessions() as session:
        return (await policy_at(session, moment)).commission_basis_points


async def test_a_policy_is_in_force_from_its_moment_on(
    client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    desk = await BankDesk.open(client, sessions)
    begins = datetime.now(UTC) + timedelta(days=30)

    made = await ok(await desk.operator.post("/v1/fee-policies", policy(700, begins.isoformat())))

    assert (made["commission_basis_points"], made["valid_until"]) == (700, None)
    moments = [begins - timedelta(microseconds=1), begins, begins + timedelta(days=9_000)]
    assert [await rate_at(sessions, moment) for moment in moments] == [FIRST_BASIS_POINTS, 700, 700]
    listed = await ok(await client.get("/v1/fee-policies"))
    assert [(row["commission_basis_points"], row["valid_until"]) for row in listed] == [
        (700, None),
        (FIRST_BASIS_POINTS, made["valid_from"]),
    ]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (policy(700, from_now(seconds=-60)), 422, "fee_policy_in_past"),
        (policy(700, "0001-01-01T00:00:00Z"), 422, "fee_policy_in_past"),
        (policy(700, from_now(days=29)), 409, "fee_policy_overlap"),
        (policy(700), 409, "fee_policy_overlap"),
        (policy(700, "9999-12-31T23:59:59-12:00"), 422, "validation_failed"),
        (policy(700, "2030-01-01T00:00:00"), 422, "validation_failed"),
        (policy(-1), 422, "validation_failed"),
        (policy(10_001), 422, "validation_failed"),
        (policy(2.5), 422, "validation_failed"),
        (policy("500"), 422, "validation_failed"),
    ],
)
async def test_a_refused_policy_changes_nothing(
    client: httpx2.AsyncClient, sessions: Sessions, body: dict[str, Any], status: int, code: str
) -> None:
    desk = await BankDesk.open(client, sessions)
    await ok(await desk.operator.post("/v1/fee-policies", policy(600, from_now(days=30))))
    before = await desk.books()

    await refused(await desk.operator.post("/v1/fee-policies", body), status, code)

    assert await desk.books() == before


async def test_only_an_operator_sets_policies(
    client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    somebody = await person(client, sessions)
    await refused(await somebody.post("/v1/fee-policies", policy(0)), 403, "permission_missing")
    assert await rate_at(sessions, datetime.now(UTC)) == FIRST_BASIS_POINTS


@pytest.mark.parametrize(
    ("basis_points", "price_minor", "commission_minor"),
    [
        (500, 100_000_000, 5_000_000),
        (0, 999, 0),
        (10_000, 999, 999),
        (500, 1, 0),
        (333, 1_000_003, 33_300),
        (5_000, 1, 1),
    ],
)
def test_the_commission_is_exact(
    basis_points: int, price_minor: int, commission_minor: int
) -> None:
    assert share_of(price_minor, basis_points) == commission_minor


async def money_of(market: Market, deal_id: str) -> tuple[int, int, int]:
    """What the seller and the buyer are owed, and the commission that the deal tells of."""
    owed = []
    for party in (market.seller, market.buyer):
        balances = (await ok(await party.get("/v1/balances")))["payable"]
        owed.append(sum(amount["amount_minor"] for amount in balances))
    deal = await ok(await market.operator.get(f"/v1/deals/{deal_id}"))
    return (*owed, deal["commission"]["amount_minor"])  # type: ignore[return-value]


async def test_a_deal_keeps_the_rate_of_its_agreement_through_release_and_reversal(
    world: World,
) -> None:
    market = await Market.open(world)
    old = await market.deal("recorded")
    await ok(await market.operator.post("/v1/fee-policies", policy(1_000)))

    await ok(await market.buyer.post(f"/v1/deals/{old}/release"))
    assert await money_of(market, old) == (95_000_000, 0, 5_000_000)

    new = await market.deal("settled")
    assert await money_of(market, new) == (95_000_000 + 90_000_000, 0, 10_000_000)

    await ok(await market.operator.post("/v1/fee-policies", policy(2_000)))
    await ok(await market.operator.post(f"/v1/deals/{old}/reverse"))
    assert await money_of(market, old) == (90_000_000, 100_000_000, 5_000_000)
    await ok(await market.operator.post(f"/v1/deals/{new}/reverse"))
    assert await money_of(market, new) == (0, 200_000_000, 10_000_000)
    await world.work()
    assert await world.proofs() == []


async def test_a_split_takes_commission_of_the_released_part_only(world: World) -> None:
    market = await Market.open(world)
    deal_id = await market.deal("disputed")

    split = {"to_seller_minor": 33_333_333}
    await ok(await market.operator.post(f"/v1/deals/{deal_id}/resolve-split", split))

    commission_minor = 1_666_667
    expected = (33_333_333 - commission_minor, 66_666_667, commission_minor)
    assert await money_of(market, deal_id) == expected
    await ok(await market.operator.post(f"/v1/deals/{deal_id}/reverse"))
    assert await money_of(market, deal_id) == (0, 100_000_000, commission_minor)
    await world.work()
    assert await world.proofs() == []
