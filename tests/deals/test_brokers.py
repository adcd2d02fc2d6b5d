"""Brokers: what a mandate lets them do, who consents to what, and what they are paid."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from marketplace.accounts.models import OrganisationKind
from marketplace.deals.royalties.paying import RoyaltyShares
from marketplace.deals.rules import Broker, Brokerage, Deductions, Held, divide
from marketplace.kernel.money import share_of
from tests.deals.test_money_terms import got, minor, owed
from tests.factories.deals import PRICE_MINOR, Market, list_right, offer, ok, right_body, sign
from tests.factories.parts import transferred
from tests.factories.people import Person, person
from tests.factories.world import World


@dataclass
class Network:
    """A market with two agencies."""

    market: Market
    broker: Person
    other: Person

    @classmethod
    async def open(cls, world: World) -> "Network":
        market = await Market.open(world)
        return cls(market, await agency(world), await agency(world))

    def ends_at(self) -> str:
        return (self.market.world.clock.now() + timedelta(days=365)).isoformat()

    def wanted(self, broker: Person, **about: Any) -> dict[str, Any]:
        body = {
            "broker_organisation_id": str(broker.organisation_id),
            "side": "sell",
            "commission_ppm": 50_000,
            "ends_at": self.ends_at(),
        }
        return body | about

    async def offered(self, principal: Person, broker: Person, **about: Any) -> str:
        made = await principal.post("/v1/mandates", self.wanted(broker, **about))
        return str((await ok(made))["id"])

    async def mandate(self, principal: Person, broker: Person, **about: Any) -> str:
        mandate_id = await self.offered(principal, broker, **about)
        await ok(await broker.post(f"/v1/mandates/{mandate_id}/accept"))
        return mandate_id

    async def deal(self, listing_id: str) -> str:
        """A deal between seller and buyer themselves."""
        negotiation_id = await offer(self.market.buyer, listing_id)
        return await self.accepted(negotiation_id, 1)

    async def accepted(self, negotiation_id: str, number: int) -> str:
        path = f"/v1/negotiations/{negotiation_id}/accept"
        made = await self.market.seller.post(path, {"offer_number": number})
        return str((await ok(made))["id"])

    async def name(self, who: Person, deal_id: str, **shares: tuple[int, int]) -> httpx2.Response:
        named = [
            {
                "mandate_id": mandate_id,
                "share": {"numerator": share[0], "denominator": share[1]},
            }
            for mandate_id, share in shares.items()
        ]
        return await who.post(f"/v1/deals/{deal_id}/name-brokers", {"brokers": named})

    async def consent(self, who: Person, deal_id: str, purpose: str) -> httpx2.Response:
        read = await ok(await who.get(f"/v1/deals/{deal_id}/brokers"))
        sha256 = {"sha256": read["agreement"]["sha256"]}
        return await who.post(f"/v1/deals/{deal_id}/consent-to-{purpose}", sha256)

    async def settled(self, deal_id: str) -> dict[str, Any]:
        market = self.market
        await sign((market.seller, market.buyer), deal_id)
        await market.pay(deal_id)
        await transferred(market, deal_id)
        found: dict[str, Any] = await ok(await market.buyer.post(f"/v1/deals/{deal_id}/release"))
        return found


async def agency(world: World) -> Person:
    return await person(world.client, world.sessions, kind=OrganisationKind.AGENCY, name="Agency")


def code(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


PRICE = {"price": {"amount_minor": 90_000_000, "currency": "KRW"}}


async def test_a_broker_negotiates_within_its_mandate_and_no_further(world: World) -> None:
    net = await Network.open(world)
    market, broker = net.market, net.broker
    listing_id = await list_right(market.seller)
    elsewhere = await list_right(market.seller, right_body())
    about = {"side": "buy", "listing_ids": [listing_id], "territories": ["EU", "KR"]}
    mandate_id = await net.offered(market.buyer, broker, **about)
    path = f"/v1/mandates/{mandate_id}"
    offers = f"{path}/listings/{listing_id}/offers"

    assert code(await broker.post(offers, PRICE)) == (409, "mandate_not_in_force")
    assert code(await market.buyer.post(f"{path}/accept")) == (403, "not_your_move")
    assert code(await net.other.post(f"{path}/accept")) == (404, "not_found")
    await ok(await broker.post(f"{path}/accept"))
    assert code(await market.buyer.post(offers, PRICE)) == (404, "not_found")
    outside = await broker.post(f"{path}/listings/{elsewhere}/offers", PRICE)
    assert code(outside) == (403, "outside_mandate")

    made = await ok(await broker.post(offers, PRICE))
    assert made["buyer_organisation_id"] == str(market.buyer.organisation_id)
    assert made["offers"][0]["broker_organisation_id"] == str(broker.organisation_id)
    assert (await ok(await market.seller.get(f"/v1/negotiations/{made['id']}"))) == made
    assert code(await broker.get(f"/v1/negotiations/{made['id']}")) == (404, "not_found")

    own = await offer(market.buyer, elsewhere)
    listed = await ok(await broker.get(f"{path}/negotiations"))
    assert [one["id"] for one in listed["items"]] == [made["id"]]
    assert code(await broker.get(f"{path}/negotiations/{own}")) == (404, "not_found")
    for name, body in (("counter", PRICE), ("decline", None), ("withdraw", None)):
        answer = await broker.post(f"{path}/negotiations/{own}/{name}", body)
        assert code(answer) == (404, "not_found")

    selling = await net.mandate(market.seller, net.other, listing_ids=[listing_id])
    there = f"/v1/mandates/{selling}/negotiations/{made['id']}"
    assert code(await net.other.post(f"{there}/withdraw")) == (403, "not_your_move")
    countered = await ok(await net.other.post(f"{there}/counter", PRICE))
    assert [one["by"] for one in countered["offers"]] == ["buyer", "seller"]
    async with world.sessions() as session:
        query = text("SELECT actor, data ->> 'mandate_id' FROM event WHERE subject = :subject")
        told = (await session.execute(query, {"subject": f"negotiation:{made['id']}"})).all()
    assert [tuple(row) for row in told] == [
        (f"user:{broker.user_id}", mandate_id),
        (f"user:{net.other.user_id}", selling),
    ]

    await ok(await market.buyer.post(f"{path}/revoke"))
    for answer in (
        await broker.get(f"{path}/negotiations"),
        await broker.get(f"{path}/negotiations/{made['id']}"),
        await broker.post(f"{path}/negotiations/{made['id']}/decline"),
    ):
        assert code(answer) == (409, "mandate_not_in_force")


async def test_a_mandate_is_what_can_be(world: World) -> None:
    net = await Network.open(world)
    market, broker = net.market, net.broker
    listing_id = await list_right(market.seller)
    past, end = (world.clock.now() - timedelta(days=1)).isoformat(), net.ends_at()
    for about, expected in (
        ({"broker_organisation_id": str(market.buyer.organisation_id)}, (409, "not_a_broker")),
        ({"broker_organisation_id": listing_id}, (404, "not_found")),
        ({"ends_at": past}, (422, "invalid_mandate")),
        ({"starts_at": end, "ends_at": end}, (422, "invalid_mandate")),
        ({"side": "buy", "right_ids": [listing_id]}, (422, "invalid_mandate")),
        ({"right_ids": [listing_id]}, (404, "not_found")),
        ({"commission_ppm": 350_001}, (422, "validation_failed")),
    ):
        made = await market.seller.post("/v1/mandates", net.wanted(broker, **about))
        assert code(made) == expected, about
    foreign = net.wanted(broker, listing_ids=[listing_id])
    assert code(await market.buyer.post("/v1/mandates", foreign)) == (404, "not_found")
    abroad = {"side": "buy", "territories": ["JP"]}
    mandate_id = await net.mandate(market.buyer, broker, **abroad)
    answer = await broker.post(f"/v1/mandates/{mandate_id}/listings/{listing_id}/offers", PRICE)
    assert code(answer) == (403, "outside_mandate")


async def test_an_exclusive_mandate_leaves_no_room_for_another(world: World) -> None:
    """Where they overlap in scope, territory and time; the database decides among many at once."""
    net = await Network.open(world)
    market = net.market
    one, two = await list_right(market.seller), await list_right(market.seller, right_body())
    korea = {"territories": ["KR"], "exclusive": True}
    offered = [
        await net.offered(market.seller, who, listing_ids=[one], **korea)
        for who in (net.broker, net.other) * 3
    ]
    people = (net.broker, net.other) * 3
    answers = await asyncio.gather(
        *(
            who.post(f"/v1/mandates/{mandate_id}/accept")
            for who, mandate_id in zip(people, offered, strict=True)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
    assert {code(a) for a in answers if a.status_code == 409} == {(409, "exclusive_mandate")}

    everything = await net.offered(market.seller, net.other, territories=["030"])
    late = await net.other.post(f"/v1/mandates/{everything}/accept")
    assert code(late) == (409, "exclusive_mandate")
    await net.mandate(market.seller, net.other, listing_ids=[two], **korea)
    await net.mandate(market.seller, net.other, listing_ids=[one], territories=["JP"])
    await net.mandate(market.seller, net.broker, listing_ids=[one], territories=["JP"])
    won = next(i for i, answer in zip(offered, answers, strict=True) if answer.is_success)
    await ok(await market.seller.post(f"/v1/mandates/{won}/revoke"))
    await net.mandate(market.seller, net.other, listing_ids=[one], territories=["KR"])


async def test_brokers_are_paid_by_contribution_and_give_back_in_proportion(world: World) -> None:
    """5 % of the price shared 2 : 1 by the seller's brokers, 3 % to the buyer's, 5 % platform."""
    net = await Network.open(world)
    market, third = net.market, await agency(world)
    listing_id = await list_right(market.seller)
    buying = await net.mandate(market.buyer, third, side="buy", commission_ppm=30_000)
    made = await third.post(
        f"/v1/mandates/{buying}/listings/{listing_id}/offers",
        {"price": {"amount_minor": PRICE_MINOR - 9, "currency": "KRW"}},
    )
    await ok(await market.buyer.post(f"/v1/mandates/{buying}/revoke"))
    deal_id = await net.accepted((await ok(made))["id"], 1)
    path = f"/v1/deals/{deal_id}"
    first = await net.mandate(market.seller, net.broker)
    second = await net.mandate(market.seller, net.other)

    assert code(await net.name(market.buyer, deal_id)) == (409, "broker_left_out")
    halves = await net.name(market.seller, deal_id, **{first: (1, 2), second: (1, 3)})
    assert code(halves) == (422, "invalid_shares")
    assert code(await net.name(market.buyer, deal_id, **{first: (1, 1)})) == (404, "not_found")
    assert code(await net.broker.get(f"{path}/brokers")) == (404, "not_found")
    named = await ok(await net.name(market.seller, deal_id, **{first: (2, 3), second: (1, 3)}))
    amounts = [one["commission"]["amount_minor"] for one in named["brokers"]]
    assert sum(amounts) == (PRICE_MINOR - 9) * 8 // 100
    assert named["agreement"]["content"].count("중개인") == 3
    assert not named["dual_agency"]

    text_now = {"sha256": named["agreement"]["sha256"]}
    signed = await market.seller.post(f"{path}/sign", text_now)
    assert code(signed) == (409, "split_consent_missing")
    assert code(await net.consent(third, deal_id, "split")) == (409, "nothing_to_consent")
    assert code(await net.consent(market.buyer, deal_id, "split")) == (403, "not_your_move")
    missing = await net.consent(market.buyer, deal_id, "dual-agency")
    assert code(missing) == (409, "nothing_to_consent")
    for who in (net.broker, net.other):
        await ok(await net.consent(who, deal_id, "split"))
    deal = await net.settled(deal_id)

    price = PRICE_MINOR - 9
    commission, brokerage = minor(deal, "commission", "brokerage")
    assert (commission, brokerage) == (share_of(price, 500), price * 8 // 100)
    paid = [await got(who) for who in (net.broker, net.other, third)]
    assert sum(paid) == brokerage
    assert await got(market.seller) + commission + brokerage == price
    frozen = await net.name(market.seller, deal_id, **{first: (1, 1)})
    assert code(frozen) == (409, "illegal_move")
    assert code(await net.consent(net.broker, deal_id, "split")) == (409, "illegal_move")
    told = await ok(await net.broker.get(f"{path}/brokers"))
    assert sorted(one["amount"]["amount_minor"] for one in told["paid"]) == sorted(paid)

    back = {"amount_minor": price // 4}
    await ok(await market.operator.post(f"{path}/refund-released", back))
    for who, before in zip((net.broker, net.other, third), paid, strict=True):
        assert abs(await got(who) - before * 3 / 4) <= 1
    await ok(await market.operator.post(f"{path}/reverse"))
    assert [await got(who) for who in (net.broker, net.other, third, market.seller)] == [0] * 4
    assert await owed(world, "commission:") == 0
    assert await got(market.buyer) == price
    assert await world.proofs() == []


async def test_one_broker_for_both_needs_both_to_consent_to_the_very_text(world: World) -> None:
    net = await Network.open(world)
    market, broker = net.market, net.broker
    parent = await agency(world)
    listing_id = await list_right(market.seller)
    buying = await net.mandate(market.buyer, broker, side="buy", commission_ppm=20_000)
    made = await broker.post(f"/v1/mandates/{buying}/listings/{listing_id}/offers", PRICE)
    deal_id = await net.accepted((await ok(made))["id"], 1)
    path = f"/v1/deals/{deal_id}"
    selling = await net.mandate(market.seller, parent)
    named = await ok(await net.name(market.seller, deal_id, **{selling: (1, 1)}))
    assert not named["dual_agency"]

    await _join(parent, broker)
    text_now = {"sha256": named["agreement"]["sha256"]}
    signed = await market.seller.post(f"{path}/sign", text_now)
    assert code(signed) == (409, "dual_agency_consent_missing")
    await ok(await market.seller.post(f"{path}/amend", {"additional_terms": "none"}))
    told = await ok(await market.buyer.get(f"{path}/brokers"))
    assert told["dual_agency"]
    assert "쌍방을 대리" in told["agreement"]["content"]
    text_now = {"sha256": told["agreement"]["sha256"]}
    for who in (market.seller, market.buyer):
        refused = await who.post(f"{path}/sign", text_now)
        assert code(refused) == (409, "dual_agency_consent_missing")
    stale = await market.seller.post(f"{path}/consent-to-dual-agency", {"sha256": "0" * 64})
    assert code(stale) == (409, "agreement_changed")
    assert code(await net.consent(broker, deal_id, "dual-agency")) == (404, "not_found")
    operators = await net.consent(market.operator, deal_id, "dual-agency")
    assert code(operators) == (403, "permission_missing")

    for who in (market.seller, market.buyer):
        await ok(await net.consent(who, deal_id, "dual-agency"))
    await ok(await market.buyer.post(f"{path}/amend", {"additional_terms": "other terms"}))
    lost = await ok(await market.buyer.get(f"{path}/brokers"))
    assert [one["holds"] for one in lost["consents"]] == [False, False]
    await ok(await net.consent(market.seller, deal_id, "dual-agency"))
    await sign((market.seller,), deal_id)
    sha256 = {"sha256": lost["agreement"]["sha256"]}
    one_sided = await market.buyer.post(f"{path}/sign", sha256)
    assert code(one_sided) == (409, "dual_agency_consent_missing")
    await _refused_by_the_database(world, deal_id)
    await ok(await net.consent(market.buyer, deal_id, "dual-agency"))
    await sign((market.buyer,), deal_id)
    assert (await ok(await market.buyer.get(path)))["state"] == "signed"


async def _join(parent: Person, affiliate: Person) -> None:
    offered = {"own_side": "parent", "counterpart_id": str(affiliate.organisation_id)}
    terms = {"share_basis_points": 10_000, "valid_from": "2020-01-01"}
    proposal = await ok(await parent.post("/v1/affiliation-proposals", offered | terms))
    await ok(await affiliate.post(f"/v1/affiliation-proposals/{proposal['id']}/confirm"))


async def _refused_by_the_database(world: World, deal_id: str) -> None:
    update = text("UPDATE deal SET state = 'signed' WHERE id = :id")
    with pytest.raises(IntegrityError, match="lacks a consent"):
        async with world.sessions.begin() as session:
            await session.execute(update, {"id": UUID(deal_id)})


RATES = st.lists(
    st.tuples(st.integers(1, 350_000), st.integers(1, 50), st.integers(50, 60)), max_size=4
)


@given(
    rates=RATES,
    parts=st.lists(st.integers(1, 10**12), min_size=1, max_size=5),
    basis_points=st.integers(0, 3_000),
)
def test_what_brokers_get_and_what_is_left_is_the_whole(
    rates: list[tuple[int, int, int]], parts: list[int], basis_points: int
) -> None:
    """Part by part, and over all parts what one release of the whole price would have been."""
    brokers = tuple(Broker.of(UUID(int=9 + i), *rate) for i, rate in enumerate(rates[:2]))
    charged, released = 0, 0
    for amount in parts:
        taken = released * basis_points // 10_000
        sides = UUID(int=1), UUID(int=2), "KRW"
        shares = RoyaltyShares("deal:x", *sides, basis_points, 0, None, released, taken)
        held = Held("deal:x", amount, 0)
        division = divide(shares, held, amount, (), Deductions((), Brokerage(brokers, charged)))
        booked = division.booking()
        assert sum(posting.amount_minor for posting in booked.postings) == amount
        assert sum(cut.amount_minor for cut in division.cuts) == division.sums.brokerage_minor
        released += amount
        charged += division.sums.brokerage_minor
    assert charged == int(released * sum(broker.rate for broker in brokers))
