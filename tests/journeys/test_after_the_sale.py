"""What can still happen to money and title once a deal seemed to be over."""

from datetime import timedelta
from typing import Any

from tests.factories.deals import Market, debit, list_right, offer, ok
from tests.factories.figures import live_table
from tests.factories.people import Person
from tests.factories.register import look_up
from tests.factories.stage import title_chain
from tests.factories.world import World

ACCOUNT = {
    "holder_name": "홍길동",
    "account_number": "110-123-456789",
    "bank_code": "088",
    "country": "KR",
}


async def payable(who: Person) -> list[int]:
    rows = (await ok(await who.get("/v1/balances")))["payable"]
    return [row["amount_minor"] for row in rows]


async def pay_out(market: Market) -> list[tuple[str, int]]:
    """Send everything that is payable, and let the bank confirm it; returns who got what."""
    batch = await ok(await market.operator.post("/v1/payout-batches", {"currency": "KRW"}))
    await ok(await market.operator.post(f"/v1/payout-batches/{batch['id']}/send"))
    file = (await market.operator.get(f"/v1/payout-batches/{batch['id']}/file")).text
    payouts = batch["payouts"]
    for payout in payouts:
        end_to_end_id = payout["id"].replace("-", "")
        assert end_to_end_id in file
        await market.bank(debit(payout["amount_minor"], end_to_end_id))
    found = await ok(await market.operator.get(f"/v1/payout-batches/{batch['id']}"))
    assert {payout["state"] for payout in found["payouts"]} == {"confirmed"}
    return [(payout["organisation_id"], payout["amount_minor"]) for payout in payouts]


async def statistics(world: World) -> dict[str, Any]:
    return dict((await live_table(world))["total"])


async def test_a_deal_is_reversed_after_its_payout_and_the_next_one_nets_the_debt(
    world: World,
) -> None:
    market = await Market.open(world)
    for payee in (market.seller, market.buyer):
        await ok(await payee.put("/v1/payee-account", ACCOUNT))
    seller, buyer = str(market.seller.organisation_id), str(market.buyer.organisation_id)
    first = await market.deal("settled")
    assert await pay_out(market) == [(seller, 95_000_000)]
    assert await payable(market.seller) == [0]

    await ok(await market.operator.post(f"/v1/deals/{first}/reverse"))
    await world.work()

    assert await payable(market.seller) == [-95_000_000]
    assert await payable(market.buyer) == [100_000_000]
    assert (await statistics(world))["deals"] == 0
    assert await world.proofs() == []
    assert await pay_out(market) == [(buyer, 100_000_000)]
    nothing = await market.operator.post("/v1/payout-batches", {"currency": "KRW"})
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_to_pay")

    await market.deal("settled")
    assert await payable(market.seller) == [0]
    again = await market.operator.post("/v1/payout-batches", {"currency": "KRW"})
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_pay")
    await market.deal("settled")
    assert await pay_out(market) == [(seller, 95_000_000)]
    await world.work()
    assert (await statistics(world))["deals"] == 2
    assert await world.proofs() == []


async def test_a_right_is_sold_on_and_on_and_each_sale_is_final(world: World) -> None:
    """A deal whose buyer sold the right cannot be reversed; the newest can, and frees the next."""
    market = await Market.open(world)
    first = await market.deal("settled")
    right_id = (await ok(await market.buyer.get(f"/v1/deals/{first}")))["right_id"]
    listing = {
        "right_id": right_id,
        "title": "resale",
        "teaser": "resale",
        "language": "en",
        "currency": "KRW",
    }
    resold = (await ok(await market.buyer.post("/v1/listings", listing)))["id"]
    await ok(await market.buyer.post(f"/v1/listings/{resold}/publish"))
    accepted = f"/v1/negotiations/{await offer(market.stranger, resold)}/accept"
    second = (await ok(await market.buyer.post(accepted, {"offer_number": 1})))["id"]
    resale = Market(world, market.buyer, market.stranger, market.operator, market.seller)
    await resale._bring(second, "settled")

    refused = await market.operator.post(f"/v1/deals/{first}/reverse")
    assert (refused.status_code, refused.json()["code"]) == (409, "title_not_returnable")
    await ok(await market.operator.post(f"/v1/deals/{second}/reverse"))
    await ok(await market.operator.post(f"/v1/deals/{first}/reverse"))
    await world.work()

    async with world.engine.connect() as connection:
        owners = await title_chain(connection, right_id)
    assert [owner.organisation_id for owner in owners] == [
        person.organisation_id
        for person in (market.seller, market.buyer, market.stranger, market.buyer, market.seller)
    ]
    assert await payable(market.seller) == [0]
    assert await payable(market.buyer) == [100_000_000]
    assert await payable(market.stranger) == [100_000_000]
    assert (await statistics(world))["deals"] == 0
    assert await world.proofs() == []


async def test_a_right_that_lapsed_during_its_deal_is_refunded_and_not_offered_again(
    world: World,
) -> None:
    market = await Market.open(world)
    listing_id = await list_right(market.seller)
    loser = f"/v1/negotiations/{await offer(market.stranger, listing_id)}"
    accepted = f"/v1/negotiations/{await offer(market.buyer, listing_id)}/accept"
    deal_id = (await ok(await market.seller.post(accepted, {"offer_number": 1})))["id"]
    await market._bring(deal_id, "funded")
    right_id = (await ok(await market.buyer.get(f"/v1/deals/{deal_id}")))["right_id"]
    today = world.clock.now().date().isoformat()
    lapse = {"kind": "lapsed", "occurred_on": today, "source": "register"}
    await ok(await market.operator.post(f"/v1/rights/{right_id}/legal-events", lapse))
    await world.work()
    public = f"/v1/listings/{listing_id}"
    assert (await ok(await world.client.get(public)))["legal_status"] == "lapsed"

    await ok(await market.operator.post(f"/v1/deals/{deal_id}/refund"))
    await world.work()

    assert (await world.client.get(public)).status_code == 404
    assert (await ok(await world.client.get("/v1/listings")))["items"] == []
    assert (await ok(await market.stranger.get(loser)))["state"] == "suspended_awaiting_seller"
    restore = lapse | {"kind": "restored"}
    await ok(await market.operator.post(f"/v1/rights/{right_id}/legal-events", restore))
    await ok(await market.operator.post(f"{public}/resume"))
    await world.work()
    assert (await ok(await market.stranger.get(loser)))["state"] == "awaiting_seller"
    assert await payable(market.buyer) == [100_000_000]
    assert await world.proofs() == []


ENDINGS = (
    ("recorded", 4, "settled"),
    ("signed", 31, "cancelled"),
    ("funded", 61, "refunded"),
    ("disputed", 91, "refunded"),
)


async def test_when_nobody_acts_time_decides_and_the_books_follow(world: World) -> None:
    market = await Market.open(world)
    deals = {state: await market.deal(state) for state, _, _ in ENDINGS}

    for state, days, after in ENDINGS:
        world.clock.offset = timedelta(days=days - 2)
        await world.work()
        assert await market.state(deals[state]) == state
        world.clock.offset = timedelta(days=days)
        if state == "recorded":
            await _nothing_is_paid_before_a_look_at_the_register(market, deals[state])
        await world.work()
        assert await market.state(deals[state]) == after

    assert await payable(market.buyer) == [2 * 100_000_000]
    assert await payable(market.seller) == [95_000_000]
    assert (await statistics(world))["deals"] == 1
    assert await world.proofs() == []


async def _nothing_is_paid_before_a_look_at_the_register(market: Market, deal_id: str) -> None:
    """The clock of a release comes again six hours after it was held up."""
    await market.world.work()
    assert await market.state(deal_id) == "recorded"
    right_id = (await ok(await market.buyer.get(f"/v1/deals/{deal_id}")))["right_id"]
    await look_up(market.operator, right_id, market.world.clock.now().date().isoformat())
    market.world.clock.offset += timedelta(hours=7)
