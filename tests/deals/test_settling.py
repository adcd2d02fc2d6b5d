"""Where held money and title go, to the minor unit."""

from dataclasses import dataclass

import pytest

from tests.factories.deals import Market, offer, ok
from tests.factories.stage import Stage, figures, title_chain
from tests.factories.undone import undone

PRICE = 100_000_000


@dataclass(frozen=True)
class Ending:
    """How a deal ends, and what each side then has of the price."""

    before: str
    who: str
    move: str
    after: str
    seller_minor: int
    buyer_minor: int
    title_with: str
    to_seller_minor: int | None = None

    def __str__(self) -> str:
        return f"{self.move} from {self.before}"


ENDINGS = [
    *(
        Ending(before, who, "cancel", "cancelled", 0, 0, "seller")
        for before in ("agreed", "partly_signed", "signed")
        for who in ("buyer", "seller", "operator")
    ),
    *(
        Ending("funded", who, "refund", "refunded", 0, PRICE, "seller")
        for who in ("seller", "operator")
    ),
    Ending("transfer_filed", "operator", "refund", "refunded", 0, PRICE, "seller"),
    Ending("recorded", "operator", "refund", "refunded", 0, PRICE, "seller"),
    Ending("recorded", "buyer", "release", "settled", 95_000_000, 0, "buyer"),
    Ending("recorded", "operator", "release", "settled", 95_000_000, 0, "buyer"),
    Ending("settled", "operator", "reverse", "reversed", -95_000_000, PRICE, "seller"),
    *(
        ending
        for before in ("disputed", "disputed_after_recordal")
        for ending in (
            Ending(before, "operator", "resolve-release", "settled", 95_000_000, 0, "buyer"),
            Ending(before, "operator", "resolve-refund", "refunded", 0, PRICE, "seller"),
            # 5 % of 33,333,331 is 1,666,666.55: the larger remainder is the commission's
            Ending(
                before,
                "operator",
                "resolve-split",
                "settled",
                33_333_331 - 1_666_667,
                PRICE - 33_333_331,
                "buyer",
                to_seller_minor=33_333_331,
            ),
            Ending(before, "operator", "resolve-split", "settled", 1, PRICE - 1, "buyer", 1),
        )
    ),
]


@pytest.mark.parametrize("ending", ENDINGS, ids=str)
async def test_the_price_and_the_title_go_where_the_decision_says(
    stage: Stage, ending: Ending
) -> None:
    deal_id = stage.deals[ending.before]
    market = stage.market
    async with undone(stage.world) as connection:
        owed = {who: await stage.payable(who) for who in ("seller", "buyer")}
        right_id = await stage.right_of(deal_id)
        chain = await title_chain(connection, right_id)
        body = {"to_seller_minor": ending.to_seller_minor} if ending.to_seller_minor else None

        await ok(await stage.people[ending.who].post(f"/v1/deals/{deal_id}/{ending.move}", body))

        deal = await stage.deal(deal_id)
        assert deal["state"] == ending.after
        assert deal["held"]["amount_minor"] == 0
        assert await stage.payable("seller") - owed["seller"] == ending.seller_minor
        assert await stage.payable("buyer") - owed["buyer"] == ending.buyer_minor
        assert deal["title_passed"] == (ending.title_with == "buyer")
        owners = await title_chain(connection, right_id)
        assert owners[: len(chain)] == chain
        assert owners[-1].organisation_id == stage.people[ending.title_with].organisation_id
        assert len(owners) - len(chain) == (chain[-1].organisation_id != owners[-1].organisation_id)
        if ending.title_with == "seller":
            await _assert_free(market, deal)


async def _assert_free(market: Market, deal: dict) -> None:
    """The seller can offer the right again: by the reopened listing, or by a new one."""
    public = await market.seller.get(f"/v1/listings/{deal['listing_id']}")
    listing_id = deal["listing_id"]
    if not public.is_success:
        listing = {
            "right_id": deal["right_id"],
            "title": "again",
            "teaser": "again",
            "language": "en",
            "currency": "KRW",
        }
        listing_id = (await ok(await market.seller.post("/v1/listings", listing)))["id"]
        await ok(await market.seller.post(f"/v1/listings/{listing_id}/publish"))
    negotiation_id = await offer(market.stranger, listing_id)
    accepted = f"/v1/negotiations/{negotiation_id}/accept"
    assert (await ok(await market.seller.post(accepted, {"offer_number": 1})))["state"] == "agreed"


@pytest.mark.parametrize("to_seller_minor", [PRICE, PRICE + 1, 10**15 - 1])
async def test_a_split_leaves_something_for_both(stage: Stage, to_seller_minor: int) -> None:
    deal_id = stage.deals["disputed"]
    async with undone(stage.world) as connection:
        before = await figures(connection, deal_id)

        answer = await stage.market.operator.post(
            f"/v1/deals/{deal_id}/resolve-split", {"to_seller_minor": to_seller_minor}
        )

        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_split")
        assert await figures(connection, deal_id) == before


@pytest.mark.parametrize("to_seller_minor", [0, -1, 1.0, "1", None, True, 10**15])
async def test_a_split_is_a_number_of_minor_units(stage: Stage, to_seller_minor: object) -> None:
    deal_id = stage.deals["disputed"]
    async with undone(stage.world) as connection:
        before = await figures(connection, deal_id)

        answer = await stage.market.operator.post(
            f"/v1/deals/{deal_id}/resolve-split", {"to_seller_minor": to_seller_minor}
        )

        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
        assert await figures(connection, deal_id) == before


async def test_a_part_payment_goes_back_when_the_deal_is_cancelled(stage: Stage) -> None:
    """A part that the operator applied is held; cancelling owes it to the buyer again."""
    market, deal_id = stage.market, stage.deals["signed"]
    async with undone(stage.world):
        before = await stage.payable("buyer")
        payment = await market.payment(deal_id)
        await market.bank(f"part-1,2026-01-05,credit,30000000,KRW,{payment['reference']},")
        queue = await ok(await market.operator.get("/v1/bank-entries"))
        entry = next(e for e in queue["items"] if e["amount_minor"] == 30_000_000)
        applied = f"/v1/bank-entries/{entry['id']}/apply"
        await ok(await market.operator.post(applied, {"reference": payment["reference"]}))
        assert (await stage.deal(deal_id))["held"]["amount_minor"] == 30_000_000

        await ok(await market.seller.post(f"/v1/deals/{deal_id}/cancel"))

        deal = await stage.deal(deal_id)
        assert deal["held"]["amount_minor"] == 0
        assert deal["payment"]["state"] == "cancelled"
        assert await stage.payable("buyer") - before == 30_000_000


async def test_a_deal_whose_payment_just_arrived_is_not_cancelled(stage: Stage) -> None:
    """Between the booking of the money and the news of it, cancelling has to wait."""
    market, deal_id = stage.market, stage.deals["signed"]
    async with undone(stage.world) as connection:
        await market.pay(deal_id)
        assert await market.state(deal_id) == "signed"
        before = await figures(connection, deal_id)

        answer = await market.buyer.post(f"/v1/deals/{deal_id}/cancel")

        assert (answer.status_code, answer.json()["code"]) == (409, "payment_request_not_open")
        assert await figures(connection, deal_id) == before


async def list_again(market: Market, right_id: str) -> str:
    """The buyer of a right publishes it in turn."""
    listing = {
        "right_id": right_id,
        "title": "resale",
        "teaser": "resale",
        "language": "en",
        "currency": "KRW",
    }
    listing_id = (await ok(await market.buyer.post("/v1/listings", listing)))["id"]
    await ok(await market.buyer.post(f"/v1/listings/{listing_id}/publish"))
    return str(listing_id)


async def test_a_right_that_the_buyer_is_selling_is_not_returned(stage: Stage) -> None:
    market, deal_id = stage.market, stage.deals["settled"]
    async with undone(stage.world) as connection:
        listing_id = await list_again(market, await stage.right_of(deal_id))
        negotiation_id = await offer(market.stranger, listing_id)
        accepted = f"/v1/negotiations/{negotiation_id}/accept"
        resale = (await ok(await market.buyer.post(accepted, {"offer_number": 1})))["id"]
        before = await figures(connection, deal_id)

        refused = await market.operator.post(f"/v1/deals/{deal_id}/reverse")

        assert (refused.status_code, refused.json()["code"]) == (409, "title_not_returnable")
        assert await figures(connection, deal_id) == before
        await ok(await market.buyer.post(f"/v1/deals/{resale}/cancel"))
        await ok(await market.operator.post(f"/v1/deals/{deal_id}/reverse"))
        assert await market.state(deal_id) == "reversed"


@pytest.mark.parametrize(
    ("before", "move"), [("settled", "reverse"), ("recorded", "refund")], ids=str
)
async def test_a_returned_right_leaves_the_buyers_listing_with_it(
    stage: Stage, before: str, move: str
) -> None:
    """Else somebody who owns it no longer would go on offering it, and block its owner."""
    market, deal_id = stage.market, stage.deals[before]
    async with undone(stage.world):
        listing_id = await list_again(market, await stage.right_of(deal_id))
        assert (await market.stranger.get(f"/v1/listings/{listing_id}")).status_code == 200

        await ok(await market.operator.post(f"/v1/deals/{deal_id}/{move}"))

        assert (await market.stranger.get(f"/v1/listings/{listing_id}")).status_code == 404
        mine = (await ok(await market.buyer.get("/v1/listings/mine", limit=100)))["items"]
        assert next(row["state"] for row in mine if row["id"] == listing_id) == "withdrawn"
        await _assert_free(market, await stage.deal(deal_id))
