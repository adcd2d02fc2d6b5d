"""A task from its opening to paid awards, with the worker, and its figures for everybody."""

from tests.factories.accounts import assert_refused
from tests.factories.deals import Market, credit, ok, sign
from tests.factories.ideas import Idea
from tests.factories.people import Person
from tests.factories.solicitations import Task
from tests.factories.world import World

FIGURES = "/v1/statistics/solicitations"


async def payable(who: Person) -> int:
    found = (await ok(await who.get("/v1/balances")))["payable"]
    return sum(row["amount_minor"] for row in found)


async def test_awards_become_deals_and_a_cancelled_task_pays(world: World) -> None:
    market = await Market.open(world)
    buyer, team = market.buyer, market.stranger
    opened = Task(buyer, market.operator, world.sessions, world.clock)
    await opened.open()
    cancelled = Task(buyer, market.operator, world.sessions, world.clock)
    await cancelled.open()
    idea, left = await Idea.of(market.seller, "winning"), await Idea.of(team, "left")
    shared = await _shared_idea(market.seller, team)
    for entered in (idea, left):
        await opened.enter(entered)
    await cancelled.enter(shared)

    asked = await ok(await buyer.post(f"{cancelled.path}/cancel"))
    payment = asked["payment"]
    await market.bank(credit(payment["amount"]["amount_minor"], payment["reference"]))
    assert await cancelled.state() == "cancelled"
    assert (await payable(market.seller), await payable(team)) == (66_667, 33_334)
    await shared.put("changed again")

    await opened.close()
    awards = f"{opened.path}/awards"
    for refused, status, code in (
        ([{"number": 1, "amount_minor": 30_000_001}], 409, "budget_exceeded"),
        ([{"number": 9, "amount_minor": 1}], 422, "invalid_award"),
        ([{"number": 1, "amount_minor": 1}] * 2, 422, "invalid_award"),
        ([{"number": n, "amount_minor": 1} for n in (1, 2, 3)], 409, "budget_exceeded"),
    ):
        assert_refused(await buyer.post(awards, {"awards": refused}), status, code)
    assert_refused(
        await team.post(awards, {"awards": [{"number": 2, "amount_minor": 1}]}), 404, "not_found"
    )
    given = {"awards": [{"number": 1, "amount_minor": 20_000_000}]}
    (award,) = await ok(await buyer.post(awards, given))

    deal_id = award["deal_id"]
    deal = await ok(await market.seller.get(f"/v1/deals/{deal_id}"))
    assert (deal["state"], deal["price"]["amount_minor"]) == ("agreed", 20_000_000)
    assert_refused(await world.client.get(f"/v1/listings/{deal['listing_id']}"), 404, "not_found")
    assert_refused(await buyer.get(f"{left.path}/confidential-text"), 404, "not_disclosed")
    await left.put("still mine")
    await sign((market.seller, buyer), deal_id)
    await market.pay(deal_id)
    await ok(await market.seller.post(f"/v1/deals/{deal_id}/file-transfer"))
    await ok(await buyer.post(f"/v1/deals/{deal_id}/confirm-waiver"))
    await ok(await buyer.post(f"/v1/deals/{deal_id}/release"))
    await world.work()

    assert await market.state(deal_id) == "settled"
    assert (await ok(await buyer.get(f"{idea.path}/confidential-text")))["content"] == "winning"
    figures = await ok(await world.client.get(FIGURES))
    assert figures == {
        "solicitations": 2,
        "with_awards": 1,
        "submissions": 3,
        "awards": 1,
        "settled_awards": 1,
        "amounts": [
            {
                "currency": "KRW",
                "awarded_minor": 20_000_000,
                "settled_minor": 20_000_000,
                "mean_award_minor": 20_000_000,
                "largest_award_minor": 20_000_000,
            }
        ],
    }
    assert await ok(await world.client.get(awards)) == [
        {"number": 1, "amount": {"amount_minor": 20_000_000, "currency": "KRW"}}
    ]
    assert await world.proofs() == []
    await _cancelled_award_stays_private(market, world)
    figures = await ok(await world.client.get(FIGURES))
    mean_minor = figures["amounts"][0]["mean_award_minor"]
    assert mean_minor == 10_000_005  # of 20,000,000 and 9: a half goes up


async def _cancelled_award_stays_private(market: Market, world: World) -> None:
    """A deal of an award that comes to nothing puts nobody's idea on the market."""
    opened = Task(market.buyer, market.operator, world.sessions, world.clock)
    await opened.open()
    shared = await _shared_idea(market.seller, market.stranger)
    await opened.enter(shared)
    await opened.close()
    given = {"awards": [{"number": 1, "amount_minor": 9}]}
    (award,) = await ok(await market.buyer.post(f"{opened.path}/awards", given))
    path = f"/v1/deals/{award['deal_id']}"
    agreement = await ok(await market.seller.get(f"{path}/agreement"))
    assert "2/3" in agreement["content"]
    await ok(await market.buyer.post(f"{path}/cancel"))
    await world.work()
    mine = (await ok(await market.seller.get("/v1/listings/mine")))["items"]
    assert mine[0]["state"] == "withdrawn"
    assert (await ok(await world.client.get("/v1/listings")))["items"] == []


async def _shared_idea(owner: Person, other: Person) -> Idea:
    """Two thirds are one's, a third another's."""
    owners = [
        {"organisation_id": str(who.organisation_id), "share": {"numerator": n, "denominator": 3}}
        for who, n in ((owner, 2), (other, 1))
    ]
    return await Idea.of(owner, owners=owners)
