"""The sale of a right that several own: all consent to the very text, and all shares pass."""

from typing import Any

import pytest

from tests.factories.deals import Market, offer, ok, right_body, sign
from tests.factories.people import Person, person
from tests.factories.world import World

DRAFT = {
    "title": "A shelf",
    "teaser": "It dries.",
    "language": "en",
    "asking_price_minor": 100_000_000,
    "currency": "KRW",
}


class Shared:
    """A market with a right that the seller and another own, on offer."""

    def __init__(self, market: Market, other: Person) -> None:
        self.market, self.other = market, other
        self.right_id = self.listing_id = self.deal_id = ""

    @classmethod
    async def open(cls, world: World) -> "Shared":
        market = await Market.open(world)
        shared = cls(market, await person(world.client, world.sessions, name="Other"))
        owners = [
            {"organisation_id": str(owner.organisation_id), "share": share}
            for owner, share in (
                (market.seller, {"numerator": 2, "denominator": 3}),
                (shared.other, {"numerator": 1, "denominator": 3}),
            )
        ]
        made = await ok(await market.seller.post("/v1/rights", right_body(owners=owners)))
        shared.right_id = made["id"]
        body = DRAFT | {"right_id": made["id"]}
        shared.listing_id = (await ok(await market.seller.post("/v1/listings", body)))["id"]
        await shared.consent(f"/v1/listings/{shared.listing_id}/ask-consents", {})
        await ok(await market.seller.post(f"/v1/listings/{shared.listing_id}/publish"))
        negotiation = await offer(market.buyer, shared.listing_id)
        accepted = await market.seller.post(
            f"/v1/negotiations/{negotiation}/accept", {"offer_number": 1}
        )
        shared.deal_id = (await ok(accepted))["id"]
        return shared

    async def consent(self, path: str, body: Any = None) -> str:
        """Let the seller ask, and the other owner give; returns the consent's id."""
        asked = (await ok(await self.market.seller.post(path, body)))[0]
        given = {"terms_sha256": asked["terms_sha256"]}
        await ok(await self.other.post(f"/v1/consents/{asked['id']}/give", given))
        return str(asked["id"])

    @property
    def deal(self) -> str:
        return f"/v1/deals/{self.deal_id}"

    async def sign_by(self, signer: Person) -> Any:
        agreement = await ok(await signer.get(f"{self.deal}/agreement"))
        return await signer.post(f"{self.deal}/sign", {"sha256": agreement["sha256"]})

    async def shares(self) -> dict[str, str]:
        right = await ok(await self.market.operator.get(f"/v1/rights/{self.right_id}"))
        return {
            one["organisation_id"]: f"{one['share']['numerator']}/{one['share']['denominator']}"
            for one in right["owners"]
        }


@pytest.fixture
async def shared(world: World) -> Shared:
    return await Shared.open(world)


async def test_all_owners_consent_and_all_shares_pass(shared: Shared, world: World) -> None:
    market = shared.market
    people = (market.seller, market.buyer)
    for signer in people:
        refused = await shared.sign_by(signer)
        assert (refused.status_code, refused.json()["code"]) == (409, "consents_missing")
        assert refused.json()["owners"] == [str(shared.other.organisation_id)]
    consent_id = await shared.consent(f"{shared.deal}/ask-consents")

    amended = {"additional_terms": "Training is included."}
    await ok(await market.buyer.post(f"{shared.deal}/amend", amended))
    assert (await shared.sign_by(market.seller)).json()["code"] == "consents_missing"
    await shared.consent(f"{shared.deal}/ask-consents")
    await sign(people, shared.deal_id)

    states = [one["state"] for one in (await ok(await shared.other.get("/v1/consents")))["items"]]
    assert states == ["used", "void", "used"]  # the amended text, the first text, the listing
    revoked = await shared.other.post(f"/v1/consents/{consent_id}/revoke")
    assert (revoked.status_code, revoked.json()["code"]) == (409, "illegal_move")
    await market.pay(shared.deal_id)
    before = await shared.shares()
    await ok(await market.seller.post(f"{shared.deal}/file-transfer"))
    await ok(await market.operator.post(f"{shared.deal}/record", {"evidence": "extract"}))
    assert await shared.shares() == {str(market.buyer.organisation_id): "1/1"}
    assert (await ok(await market.buyer.post(f"{shared.deal}/release")))["state"] == "settled"
    await world.work()
    assert await world.proofs() == []

    await ok(await market.operator.post(f"{shared.deal}/reverse"))
    assert await shared.shares() == before


async def test_a_share_that_went_to_somebody_else_stops_the_transfer(shared: Shared) -> None:
    market = shared.market
    await shared.consent(f"{shared.deal}/ask-consents")
    await sign((market.seller, market.buyer), shared.deal_id)
    await market.pay(shared.deal_id)
    await ok(await market.seller.post(f"{shared.deal}/file-transfer"))
    body = {
        "kind": "succession",
        "from_organisation_id": str(shared.other.organisation_id),
        "to_organisation_id": str(market.stranger.organisation_id),
        "share": {"numerator": 1, "denominator": 3},
        "source": "register extract",
    }
    await ok(await market.operator.post(f"/v1/rights/{shared.right_id}/conveyances", body))
    before = await shared.shares()

    refused = await market.operator.post(f"{shared.deal}/record", {"evidence": "extract"})

    assert (refused.status_code, refused.json()["code"]) == (409, "consents_missing")
    assert refused.json()["owners"] == [str(market.stranger.organisation_id)]
    assert await shared.shares() == before
    assert await market.state(shared.deal_id) == "transfer_filed"


async def test_only_the_seller_asks_the_owners(shared: Shared) -> None:
    for who, status, code in (
        (shared.market.buyer, 403, "not_your_move"),
        (shared.market.stranger, 404, "not_found"),
    ):
        answer = await who.post(f"{shared.deal}/ask-consents")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
