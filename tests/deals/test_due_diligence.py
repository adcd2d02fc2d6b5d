"""The sheet of what is known of a right that is sold, and the look at the register before money."""

from datetime import timedelta
from typing import Any

import pytest

from tests.factories.deals import Market, list_right, offer, ok
from tests.factories.people import Person
from tests.factories.register import look_up, tell
from tests.factories.world import World

TOPICS = [
    "title",
    "status",
    "term",
    "fees",
    "encumbrances",
    "consents",
    "challenges",
    "register_check",
]


@pytest.fixture
async def market(world: World) -> Market:
    return await Market.open(world)


async def sheet(reader: Person, deal_id: str) -> dict[str, Any]:
    found: dict[str, Any] = await ok(await reader.get(f"/v1/deals/{deal_id}/due-diligence"))
    return found


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    return {one["topic"]: one["verdict"] for one in found["findings"]}


async def right_of(market: Market, deal_id: str) -> str:
    return str((await ok(await market.operator.get(f"/v1/deals/{deal_id}")))["right_id"])


async def test_the_sheet_says_what_is_known_with_its_evidence(market: Market) -> None:
    deal_id = await market.deal("recorded")
    right_id = await right_of(market, deal_id)

    found = await sheet(market.buyer, deal_id)

    assert [one["topic"] for one in found["findings"]] == TOPICS
    assert verdicts(found) == dict.fromkeys(TOPICS, "clear") | {
        "status": "attention",  # only its owner has said so
        "term": "unknown",
        "fees": "unknown",
    }
    assert found["releasable"]
    title = found["findings"][0]
    assert title["summary"] == "owned by Buyer 1"
    assert [one["source"] for one in title["evidence"]] == [
        "declared by the owner",
        "register extract",
    ]

    today = market.world.clock.now().date()
    await tell(market.operator, right_id, "filed", "2021-03-15")
    await tell(market.operator, right_id, "granted", "2023-01-02")
    await tell(market.operator, right_id, "fee_paid", "2023-01-02", fee_year=19)
    await tell(market.operator, right_id, "challenged", "2026-01-02")
    found = await sheet(market.seller, deal_id)
    by_topic = {one["topic"]: one for one in found["findings"]}
    assert by_topic["term"]["summary"] == "last day 2041-03-15"
    assert by_topic["fees"]["verdict"] == "clear"
    assert by_topic["challenges"]["verdict"] == "attention"
    assert by_topic["challenges"]["evidence"][0]["as_of"] == "2026-01-02"
    assert by_topic["register_check"]["as_of"] == today.isoformat()
    for stranger in (market.stranger,):
        assert (await stranger.get(f"/v1/deals/{deal_id}/due-diligence")).status_code == 404


async def test_money_waits_for_a_fresh_look_at_the_register(market: Market) -> None:
    deal_id = await market.deal("recorded")
    right_id, clock = await right_of(market, deal_id), market.world.clock
    clock.offset += timedelta(days=5)
    for who in (market.buyer, market.operator):
        refused = await who.post(f"/v1/deals/{deal_id}/release")
        assert (refused.status_code, refused.json()["code"]) == (409, "register_check_stale")
    found = await sheet(market.buyer, deal_id)
    assert (found["releasable"], verdicts(found)["register_check"]) == (False, "blocking")
    tomorrow = (clock.now() + timedelta(days=3)).date().isoformat()
    early = await market.operator.post(
        f"/v1/rights/{right_id}/register-checks", {"as_of": tomorrow, "source": "extract"}
    )
    assert (early.status_code, early.json()["code"]) == (422, "illegal_legal_event")

    await look_up(market.operator, right_id, clock.now().date().isoformat())

    assert (await sheet(market.buyer, deal_id))["releasable"]
    assert (await ok(await market.buyer.post(f"/v1/deals/{deal_id}/release")))["state"] == "settled"


@pytest.mark.parametrize(
    ("event", "code", "topic"),
    [
        ("attached", "right_restrained", "encumbrances"),
        ("withdrawn", "right_not_tradable", "status"),
    ],
)
async def test_what_the_sheet_calls_blocking_blocks_the_release(
    market: Market, event: str, code: str, topic: str
) -> None:
    deal_id = await market.deal("recorded")
    await tell(market.operator, await right_of(market, deal_id), event, "2026-01-02")

    refused = await market.buyer.post(f"/v1/deals/{deal_id}/release")

    assert (refused.status_code, refused.json()["code"]) == (409, code)
    found = await sheet(market.buyer, deal_id)
    assert [name for name, one in verdicts(found).items() if one == "blocking"] == [topic]


async def test_a_title_that_went_elsewhere_blocks_the_release(market: Market) -> None:
    deal_id = await market.deal("recorded")
    right_id = await right_of(market, deal_id)
    body = {
        "kind": "court_order",
        "from_organisation_id": str(market.buyer.organisation_id),
        "to_organisation_id": str(market.stranger.organisation_id),
        "share": {"numerator": 1, "denominator": 2},
        "source": "register extract",
    }
    await ok(await market.operator.post(f"/v1/rights/{right_id}/conveyances", body))

    refused = await market.buyer.post(f"/v1/deals/{deal_id}/release")

    assert (refused.status_code, refused.json()["code"]) == (409, "title_lost")
    assert verdicts(await sheet(market.operator, deal_id))["title"] == "blocking"


async def test_time_that_ended_the_right_since_is_seen_at_the_release(market: Market) -> None:
    """Though nobody has told the row yet."""
    deal_id = await market.deal("recorded")
    right_id, clock = await right_of(market, deal_id), market.world.clock
    today = clock.now().date()
    filed = today.replace(year=today.year - 20, day=min(today.day, 28))
    await tell(market.operator, right_id, "filed", filed.isoformat())
    clock.offset += timedelta(days=1)

    refused = await market.buyer.post(f"/v1/deals/{deal_id}/release")

    assert (refused.status_code, refused.json()["code"]) == (409, "right_not_tradable")


async def test_an_idea_has_no_register_to_look_at(market: Market) -> None:
    deal_id = await market.deal("signed", idea=True)
    found = verdicts(await sheet(market.buyer, deal_id))
    assert found == dict.fromkeys(TOPICS, "clear")


async def test_what_burdens_the_right_is_on_the_sheet(market: Market) -> None:
    """A licence binds the buyer; a later attachment stands in the way of the sale."""
    listing_id = await list_right(market.seller)
    right_id = (await ok(await market.seller.get("/v1/rights")))["items"][0]["id"]
    path = f"/v1/rights/{right_id}/register-entries"
    licence = {
        "kind": "non_exclusive",
        "holder_name": "Somebody outside",
        "received_on": "2025-01-02",
        "receipt_order": 1,
        "registration_number": "1-1-2025-1",
        "source": "KIPRIS",
        "entry_id": "PN-1",
    }
    await ok(await market.operator.post(path, licence))
    negotiation = f"/v1/negotiations/{await offer(market.buyer, listing_id)}"
    accepted = await market.seller.post(f"{negotiation}/accept", {"offer_number": 1})
    deal_id = (await ok(accepted))["id"]
    found = {one["topic"]: one for one in (await sheet(market.buyer, deal_id))["findings"]}
    burdens = found["encumbrances"]
    assert (burdens["verdict"], burdens["summary"]) == ("attention", "burdened by non exclusive")
    assert burdens["evidence"][0]["detail"].endswith("Somebody outside, registered as 1-1-2025-1")

    attachment = licence | {
        "kind": "attachment",
        "entry_id": "PN-2",
        "receipt_order": 2,
        "registration_number": "1-1-2025-2",
    }
    await ok(await market.operator.post(path, attachment))

    found_now = await sheet(market.buyer, deal_id)
    assert verdicts(found_now)["encumbrances"] == "blocking"
    assert not found_now["releasable"]
