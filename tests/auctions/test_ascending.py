"""Ascending auctions: deposits, steps, the soft close, a deal for the winner, and who pays not."""

import asyncio
from datetime import timedelta
from itertools import pairwise
from typing import Any

from tests.factories.auctions import (
    DEPOSIT_MINOR,
    auctioned,
    bid,
    pass_time,
    payable,
    read,
    registration,
    take_part,
    terms,
)
from tests.factories.deals import Market, credit, list_right, offer, ok, sign
from tests.factories.people import Person, person
from tests.factories.refusals import told


async def test_the_highest_bid_becomes_a_deal_and_its_deposit_a_part_of_the_price(
    market: Market, rivals: list[Person]
) -> None:
    one, two = rivals
    auction = await auctioned(market, reserve_minor=90_000_000)
    assert auction["reserve_minor"] == 90_000_000
    assert "reserve_minor" not in await read(market, auction)
    assert told(await bid(one, auction, 85_000_000)) == (403, "not_admitted")
    await take_part(market, auction, one, two)
    assert told(await bid(one, auction, 79_999_999)) == (409, "bid_too_low")
    await ok(await bid(one, auction, 80_000_000))
    assert told(await bid(two, auction, 80_999_999)) == (409, "bid_too_low")
    path = f"/v1/auctions/{auction['id']}"
    assert told(await market.seller.post(f"{path}/cancel")) == (409, "has_bid")
    assert told(await one.delete(f"{path}/registration")) == (409, "has_bid")
    await ok(await bid(two, auction, 95_000_000))

    await pass_time(market, days=1)

    found = await read(market, auction)
    assert (found["state"], found["price_minor"], found["winner"]) == ("awarded", 95_000_000, 2)
    won = await registration(two, auction)
    assert (await registration(one, auction))["state"] == "released"
    assert await payable(one) == DEPOSIT_MINOR
    deal_id = won["deal_id"]
    await sign((market.seller, two), deal_id)
    payment = (await ok(await two.get(f"/v1/deals/{deal_id}")))["payment"]
    assert payment["amount"]["amount_minor"] == 95_000_000 - DEPOSIT_MINOR
    await _pay(market, payment)
    assert await market.state(deal_id) == "funded"
    assert (await read(market, auction))["state"] == "sold"
    assert (await registration(two, auction))["state"] == "applied"
    before = await payable(market.seller)
    await ok(await market.seller.post(f"/v1/deals/{deal_id}/file-transfer"))
    await ok(await market.operator.post(f"/v1/deals/{deal_id}/record", {"evidence": "extract"}))
    await ok(await two.post(f"/v1/deals/{deal_id}/release"))
    assert await payable(market.seller) > before
    assert await market.world.proofs() == []


async def _pay(market: Market, payment: dict[str, Any]) -> None:
    await market.bank(credit(payment["amount"]["amount_minor"], payment["reference"]))


async def test_a_late_bid_moves_the_close_and_one_after_it_is_refused(
    market: Market, rivals: list[Person]
) -> None:
    auction = await auctioned(market)
    await take_part(market, auction, *rivals)
    await ok(await bid(rivals[0], auction, 80_000_000))
    assert (await read(market, auction))["extensions"] == 0
    await pass_time(market, hours=23, minutes=55)
    await ok(await bid(rivals[1], auction, 81_000_000))
    late = await read(market, auction)
    assert (late["extensions"], late["closes_at"] > auction["closes_at"]) == (1, True)
    await pass_time(market, minutes=9)
    assert (await read(market, auction))["state"] == "open"
    market.world.clock.offset += timedelta(minutes=1)
    refused = await bid(rivals[0], auction, 90_000_000)
    assert told(refused) == (409, "auction_over")  # though no clock has run
    await market.world.work()
    assert (await read(market, auction))["price_minor"] == 81_000_000


async def test_a_winner_who_does_not_pay_loses_the_deposit_and_the_next_is_asked(
    market: Market, rivals: list[Person]
) -> None:
    one, two = rivals
    auction = await auctioned(market, payment_days=5)
    await take_part(market, auction, one, two)
    await ok(await bid(one, auction, 80_000_000))
    await ok(await bid(two, auction, 90_000_000))
    await pass_time(market, days=1)
    path, before = f"/v1/auctions/{auction['id']}", await payable(market.seller)
    assert told(await market.seller.post(f"{path}/offer-next")) == (409, "illegal_move")
    await pass_time(market, days=5)
    assert (await read(market, auction))["state"] == "lapsed"
    assert (await registration(two, auction))["state"] == "forfeited"
    assert await payable(market.seller) - before == DEPOSIT_MINOR
    found = await ok(await market.seller.post(f"{path}/offer-next"))
    assert (found["state"], found["price_minor"], found["winner"]) == ("awarded", 80_000_000, 1)
    deal_id = (await registration(one, auction))["deal_id"]
    await ok(await one.post(f"/v1/deals/{deal_id}/cancel"))
    await market.world.work()
    assert (await registration(one, auction))["state"] == "released"
    assert told(await market.seller.post(f"{path}/offer-next")) == (409, "nobody_next")
    await ok(await market.seller.post(f"{path}/end"))
    assert (await read(market, auction))["outcome"] == "not_paid"
    assert await market.world.proofs() == []


async def test_a_seller_who_backs_out_costs_the_winner_nothing(
    market: Market, rivals: list[Person]
) -> None:
    auction = await auctioned(market)
    await take_part(market, auction, rivals[0])
    await ok(await bid(rivals[0], auction, 80_000_000))
    await pass_time(market, days=1)
    deal_id = (await registration(rivals[0], auction))["deal_id"]
    await ok(await market.seller.post(f"/v1/deals/{deal_id}/cancel"))
    await market.world.work()
    assert (await registration(rivals[0], auction))["state"] == "released"
    assert await payable(rivals[0]) == DEPOSIT_MINOR


async def test_without_a_bid_that_reaches_the_reserve_nothing_is_sold(
    market: Market, rivals: list[Person]
) -> None:
    auction = await auctioned(market, reserve_minor=120_000_000)
    await take_part(market, auction, rivals[0])
    await ok(await bid(rivals[0], auction, 119_000_000))
    await pass_time(market, days=1)
    found = await read(market, auction)
    assert (found["state"], found["outcome"]) == ("unsold", "reserve_not_met")
    assert await payable(rivals[0]) == DEPOSIT_MINOR
    await offer(market.buyer, auction["listing_id"])  # it is on the market again


async def test_while_it_runs_the_right_is_neither_negotiated_nor_auctioned_twice(
    market: Market,
) -> None:
    listing_id = await list_right(market.seller)
    negotiation_id = await offer(market.buyer, listing_id)
    path = f"/v1/listings/{listing_id}/auctions"
    answers = await asyncio.gather(*(market.seller.post(path, terms(market)) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    accepted = await market.seller.post(
        f"/v1/negotiations/{negotiation_id}/accept", {"offer_number": 1}
    )
    assert accepted.status_code == 409
    body = {"price": {"amount_minor": 5, "currency": "KRW"}}
    made = await market.stranger.post(f"/v1/listings/{listing_id}/offers", body)
    assert told(made) == (409, "listing_not_open")
    (auction,) = [answer.json() for answer in answers if answer.is_success]
    await ok(await market.seller.post(f"/v1/auctions/{auction['id']}/cancel"))
    await ok(await market.stranger.post(f"/v1/listings/{listing_id}/offers", body))


async def test_who_may_take_part(market: Market, rivals: list[Person]) -> None:
    auction = await auctioned(market, deposit_minor=0)
    path = f"/v1/auctions/{auction['id']}/registration"
    world = market.world
    both = await person(world.client, world.sessions, organisation_id=market.seller.organisation_id)
    assert told(await market.seller.post(path)) == (409, "own_auction")
    assert told(await both.post(path)) == (409, "own_auction")
    assert told(await rivals[0].get(path)) == (404, "not_found")
    await ok(await rivals[0].post(path))
    assert told(await rivals[0].post(path)) == (409, "bidder_exists")
    await ok(await rivals[0].delete(path))
    assert (await registration(rivals[0], auction))["state"] == "released"
    assert told(await bid(rivals[0], auction, 80_000_000)) == (403, "not_admitted")
    foreign = f"/v1/auctions/{auction['id']}"
    assert told(await rivals[0].post(f"{foreign}/cancel")) == (404, "not_found")
    assert told(await rivals[0].get(f"{foreign}/terms")) == (404, "not_found")


async def test_terms_by_which_nobody_could_bid(market: Market) -> None:
    listing_id = await list_right(market.seller)
    path = f"/v1/listings/{listing_id}/auctions"
    moment = market.world.clock.now()
    for changed, code in (
        ({"deposit_minor": 80_000_000}, "validation_failed"),
        ({"reserve_minor": 1}, "validation_failed"),
        ({"step_minor": None}, "validation_failed"),
        ({"reveal_hours": 5}, "validation_failed"),
        ({"kind": "sealed", "soft_close_minutes": 5}, "validation_failed"),
        ({"closes_at": moment.isoformat()}, "invalid_auction_terms"),
        ({"currency": "USD"}, "currency_mismatch"),
    ):
        answer = await market.seller.post(path, terms(market, **changed))
        assert told(answer) == (422, code), changed
    assert told(await market.stranger.post(path, terms(market))) == (404, "not_found")


async def test_twenty_bids_at_once_come_one_after_another(market: Market) -> None:
    world = market.world
    people = [await person(world.client, world.sessions, name=f"B{n}") for n in range(5)]
    auction = await auctioned(market, deposit_minor=0)
    await take_part(market, auction, *people)
    answers = await asyncio.gather(
        *(bid(people[n % 5], auction, 80_000_000 + n % 10 * 1_000_000) for n in range(20))
    )
    assert {told(a) for a in answers if not a.is_success} <= {(409, "bid_too_low")}
    path = f"/v1/auctions/{auction['id']}/bids"
    bids = (await ok(await people[0].get(path, limit=100)))["items"]
    assert len(bids) == sum(answer.is_success for answer in answers)
    amounts = [one["amount"]["amount_minor"] for one in reversed(bids)]
    assert [one["number"] for one in reversed(bids)] == list(range(1, len(bids) + 1))
    assert all(b - a >= 1_000_000 for a, b in pairwise(amounts))
    assert (await read(market, auction))["highest_minor"] == amounts[-1] == 89_000_000


async def test_a_bid_and_the_close_never_both_have_it(market: Market, rivals: list[Person]) -> None:
    auction = await auctioned(market, deposit_minor=0, soft_close_minutes=0)
    await take_part(market, auction, *rivals)
    await ok(await bid(rivals[0], auction, 80_000_000))
    market.world.clock.offset += timedelta(days=1)
    answer, *_ = await asyncio.gather(
        bid(rivals[1], auction, 90_000_000), market.world.work(), market.world.work()
    )
    await market.world.work()
    assert told(answer) == (409, "auction_over")
    found = await read(market, auction)
    assert (found["state"], found["price_minor"], found["bids"]) == ("awarded", 80_000_000, 1)
