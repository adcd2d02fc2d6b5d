"""Whatever anybody does in any order, the books balance and every right has one owner."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from marketplace.deals.lifecycle import DealState
from tests.factories.deals import (
    PRICE_MINOR,
    Market,
    credit,
    list_right,
    offer,
    ok,
    right_body,
    statement,
)
from tests.factories.people import Person
from tests.factories.stage import title_chain
from tests.factories.world import World

ACTORS = ("buyer", "seller", "operator")
MOVES = (
    "amend",
    "sign",
    "sign",
    "sign",
    "pay",
    "pay",
    "cancel",
    "file-transfer",
    "file-transfer",
    "waive-recordal",
    "confirm-waiver",
    "record",
    "record",
    "reject-recordal",
    "release",
    "refund",
    "dispute",
    "resolve-release",
    "resolve-refund",
    "resolve-split",
    "reverse",
    "wait",
)
REFUSALS = {
    "illegal_move",
    "not_your_move",
    "permission_missing",
    "already_signed",
    "waiver_missing",
    "already_waived",
    "payment_request_not_open",
}
RELEASED = {DealState.SETTLED, DealState.CLOSED, DealState.REVERSED}
WITH_TITLE = {
    DealState.RECORDED,
    DealState.DISPUTED_AFTER_RECORDAL,
    DealState.SETTLED,
    DealState.CLOSED,
}
Script = list[tuple[str, str, int]]
STEPS = some.tuples(some.sampled_from(MOVES), some.sampled_from(ACTORS), some.integers(1, 125))
BEGINNINGS: tuple[Script, ...] = (
    [],
    [("sign", "buyer", 1), ("sign", "seller", 1), ("pay", "buyer", 1)],
    [
        ("sign", "seller", 1),
        ("sign", "buyer", 1),
        ("pay", "buyer", 1),
        ("file-transfer", "seller", 1),
        ("record", "operator", 1),
    ],
)
"""Random steps alone seldom come as far as the money."""


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(beginning=some.sampled_from(BEGINNINGS), rest=some.lists(STEPS, min_size=4, max_size=14))
async def test_no_order_of_moves_breaks_the_books_or_the_title(
    market: Market, beginning: Script, rest: Script
) -> None:
    world = market.world
    world.clock.offset = timedelta(0)
    listing_id = await list_right(market.seller, right_body())
    accepted = f"/v1/negotiations/{await offer(market.buyer, listing_id)}/accept"
    deal_id = (await ok(await market.seller.post(accepted, {"offer_number": 1})))["id"]

    for move, who, number in beginning + rest:
        await _step(market, deal_id, move, who, number)

    assert await world.proofs() == []
    await _assert_whole(market, await ok(await market.operator.get(f"/v1/deals/{deal_id}")))


async def _step(market: Market, deal_id: str, move: str, who: str, number: int) -> None:
    """One request, one payment or some days; a refusal is one of those that are meant to be."""
    world = market.world
    if move == "wait":
        world.clock.offset += timedelta(days=number)
    elif move == "pay":
        payment = await market.payment(deal_id)
        reference = payment["reference"] if payment else "no reference yet"
        imported = statement(credit(PRICE_MINOR, reference))
        await ok(await market.operator.upload("/v1/bank-statements", imported))
    else:
        body = await _body(market, deal_id, move, number)
        answer = await _person(market, who).post(f"/v1/deals/{deal_id}/{move}", body)
        assert answer.is_success or answer.json()["code"] in REFUSALS, answer.text
        return
    await _work(world)


async def _work(world: World) -> None:
    """The worker without the search index, which has no part in a deal."""
    while await world._work_once():
        pass


async def _body(market: Market, deal_id: str, move: str, number: int) -> Any:
    if move == "sign":
        agreement = await ok(await market.buyer.get(f"/v1/deals/{deal_id}/agreement"))
        return {"sha256": agreement["sha256"]}
    bodies = {
        "amend": {"additional_terms": str(number)},
        "record": {"evidence": "extract"},
        "reject-recordal": {"evidence": "refused"},
        "dispute": {"reason": "late"},
        "resolve-split": {"to_seller_minor": number * 800_000 - 1},
    }
    return bodies.get(move)


async def _assert_whole(market: Market, deal: dict[str, Any]) -> None:
    """The title has no gap and no overlap, and is with whom the deal says."""
    async with market.world.engine.connect() as connection:
        owners = await title_chain(connection, deal["right_id"])
    side = "buyer" if deal["title_passed"] else "seller"
    assert owners[-1].organisation_id == _person(market, side).organisation_id
    assert owners[0].basis == "registration"
    assert all(owner.basis == f"deal:{deal['id']}" for owner in owners[1:])
    assert [owner.organisation_id for owner in owners] == [
        _side(market, index) for index in range(len(owners))
    ]
    assert (deal["released"]["amount_minor"] > 0) == (deal["state"] in RELEASED)
    assert deal["title_passed"] == (deal["state"] in WITH_TITLE)


def _person(market: Market, who: str) -> Person:
    person: Person = getattr(market, who)
    return person


def _side(market: Market, index: int) -> UUID:
    return _person(market, "buyer" if index % 2 else "seller").organisation_id
