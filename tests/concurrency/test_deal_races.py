"""Parties of one deal, the bank and the worker, all at once: money is moved once or not at all."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from marketplace.kernel.events import deliver
from marketplace.payments.funding.matching import match_received
from marketplace.wiring import CONSUMERS
from tests.factories.deals import PRICE_MINOR, Market, credit, ok, sign, statement
from tests.factories.figures import live_table
from tests.factories.world import World

ROUNDS = 3


def told(answer: Any) -> tuple[int, str | None]:
    body = answer.json()
    return int(answer.status_code), body.get("code")


async def in_order(first: str, **race: Any) -> dict[str, Any]:
    """Start both at once, `first` a step ahead; returns what each gave."""
    names = sorted(race, key=lambda name: name != first)
    given = await asyncio.gather(*(race[name] for name in names))
    return dict(zip(names, given, strict=True))


async def test_twenty_releases_settle_a_deal_once(world: World) -> None:
    market = await Market.open(world)
    deal_id = await market.deal("recorded")
    path = f"/v1/deals/{deal_id}/release"

    releases = ((market.buyer, market.operator)[n % 2].post(path) for n in range(20))
    answers = Counter(told(answer) for answer in await asyncio.gather(*releases))

    assert answers == {(200, None): 1, (409, "illegal_move"): 19}
    await world.work()
    postings = await ok(await market.seller.get(f"/v1/deals/{deal_id}/ledger"))
    moved = [(posting["kind"], posting["amount_minor"]) for posting in postings]
    assert moved == [("fund", PRICE_MINOR), ("release", 95_000_000), ("release", 5_000_000)]
    table = await live_table(world)
    assert table["total"]["deals"] == 1
    assert await world.proofs() == []


async def test_a_dispute_is_resolved_in_one_way_only(world: World) -> None:
    market = await Market.open(world)
    deal_id = await market.deal("disputed")
    split = {"resolve-split": {"to_seller_minor": 1_000}}
    ways = ("resolve-release", "resolve-refund", "resolve-split") * 4

    answers = await asyncio.gather(
        *(market.operator.post(f"/v1/deals/{deal_id}/{way}", split.get(way)) for way in ways)
    )

    assert Counter(told(answer) for answer in answers) == {
        (200, None): 1,
        (409, "illegal_move"): len(ways) - 1,
    }
    (won,) = [answer.json() for answer in answers if answer.status_code == 200]
    distributed = won["released"]["amount_minor"] + won["refunded"]["amount_minor"]
    assert distributed == PRICE_MINOR
    await world.work()
    assert await world.proofs() == []


@pytest.mark.parametrize("first", ["cancel", "pay"])
async def test_a_payment_races_cancellation(world: World, first: str) -> None:
    market = await Market.open(world)
    for _ in range(ROUNDS):
        deal_id = await market.deal("signed")
        payment = await market.payment(deal_id)
        line = credit(PRICE_MINOR, payment["reference"])
        imported = await ok(await market.operator.upload("/v1/bank-statements", statement(line)))

        both = await in_order(
            first,
            cancel=market.buyer.post(f"/v1/deals/{deal_id}/cancel"),
            pay=match_received(world.sessions),
        )
        await world.work()

        path = f"/v1/bank-statements/{imported['id']}"
        (entry_state,) = (await ok(await market.operator.get(path)))["by_state"]
        deal = await ok(await market.buyer.get(f"/v1/deals/{deal_id}"))
        outcome = (told(both["cancel"]), deal["state"], entry_state, deal["held"]["amount_minor"])
        assert outcome in {
            ((200, None), "cancelled", "queued", 0),
            ((409, "payment_request_not_open"), "funded", "matched", PRICE_MINOR),
        }
        assert await world.proofs() == []


@pytest.mark.parametrize("first", ["cancel", "apply"])
async def test_the_last_part_races_cancellation(world: World, first: str) -> None:
    market = await Market.open(world)
    for _ in range(ROUNDS):
        deal_id = await market.deal("signed")
        payment = await market.payment(deal_id)
        part = {"reference": payment["reference"]}
        await market.bank(*(credit(PRICE_MINOR // 2, payment["reference"]) for _ in range(2)))
        entries = (await ok(await market.operator.get("/v1/bank-entries")))["items"]
        entry_id, last_id = [entry["id"] for entry in entries][-2:]
        await ok(await market.operator.post(f"/v1/bank-entries/{entry_id}/apply", part))
        owed = await owed_to_buyer(market)

        both = await in_order(
            first,
            cancel=market.seller.post(f"/v1/deals/{deal_id}/cancel"),
            apply=market.operator.post(f"/v1/bank-entries/{last_id}/apply", part),
        )
        await world.work()

        state, given_back = await market.state(deal_id), await owed_to_buyer(market) - owed
        closed = (409, "payment_request_not_open")
        assert (told(both["cancel"]), told(both["apply"]), state, given_back) in {
            ((200, None), closed, "cancelled", PRICE_MINOR // 2),
            (closed, (200, None), "funded", 0),
        }
        assert await world.proofs() == []


async def owed_to_buyer(market: Market) -> int:
    payable = (await ok(await market.buyer.get("/v1/balances")))["payable"]
    return sum(amount["amount_minor"] for amount in payable)


async def test_workers_share_entries_and_news(world: World) -> None:
    """Three payments of each of five deals: one funds it, two wait, whoever matched them."""
    market = await Market.open(world)
    deals = [await market.deal("signed") for _ in range(5)]
    lines = []
    for deal_id in deals:
        reference = (await market.payment(deal_id))["reference"]
        lines += [credit(PRICE_MINOR, reference) for _ in range(3)]
    content = statement(*lines)
    imported = await ok(await market.operator.upload("/v1/bank-statements", content))

    matched = await asyncio.gather(*(match_received(world.sessions) for _ in range(4)))
    for _ in range(3):
        await asyncio.gather(
            *(deliver(world.sessions, consumer) for consumer in CONSUMERS for _ in range(3))
        )
    await world.work()

    assert sum(matched) == 15
    told_by_bank = await ok(await market.operator.get(f"/v1/bank-statements/{imported['id']}"))
    assert told_by_bank["by_state"] == {"matched": 5, "queued": 10}
    assert [await market.state(deal_id) for deal_id in deals] == ["funded"] * 5
    assert await world.proofs() == []


@pytest.mark.parametrize("first", ["sign", "amend"])
async def test_nobody_is_bound_to_a_text_that_they_did_not_sign(world: World, first: str) -> None:
    market = await Market.open(world)
    for _ in range(ROUNDS):
        deal_id = await market.deal("partly_signed")
        path = f"/v1/deals/{deal_id}"
        text = await ok(await market.buyer.get(f"{path}/agreement"))

        both = await in_order(
            first,
            sign=market.buyer.post(f"{path}/sign", {"sha256": text["sha256"]}),
            amend=market.seller.post(f"{path}/amend", {"additional_terms": "and the moon"}),
        )

        now = await ok(await market.buyer.get(f"{path}/agreement"))
        signers = {signature["organisation_id"] for signature in now["signatures"]}
        outcome = (told(both["sign"]), told(both["amend"]), await market.state(deal_id))
        if outcome == ((200, None), (409, "illegal_move"), "signed"):
            assert now["sha256"] == text["sha256"]
            assert len(signers) == 2
        else:
            assert outcome == ((409, "agreement_changed"), (200, None), "agreed")
            assert now["sha256"] != text["sha256"]
            assert signers == set()


async def test_both_sides_sign_at_once_and_the_buyer_is_asked_once(world: World) -> None:
    market = await Market.open(world)
    for _ in range(ROUNDS):
        deal_id = await market.deal("agreed")
        sides = (market.seller, market.buyer)

        await asyncio.gather(*(sign((side,), deal_id) for side in sides))

        assert await market.state(deal_id) == "signed"
        assert (await market.payment(deal_id))["state"] == "open"


async def test_one_side_signing_many_times_signs_once(world: World) -> None:
    market = await Market.open(world)
    deal_id = await market.deal("agreed")
    path = f"/v1/deals/{deal_id}"
    body = {"sha256": (await ok(await market.buyer.get(f"{path}/agreement")))["sha256"]}

    answers = await asyncio.gather(*(market.buyer.post(f"{path}/sign", body) for _ in range(8)))

    assert Counter(told(answer) for answer in answers) == {
        (200, None): 1,
        (409, "already_signed"): 7,
    }
    assert await market.state(deal_id) == "partly_signed"
