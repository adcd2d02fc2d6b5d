"""A solicitation that wants a licence or a development together, and a sale in the store."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from marketplace.assets.title.service import transfer_title
from marketplace.kernel.lifecycle import BY_SYSTEM
from tests.factories.accounts import assert_refused
from tests.factories.deals import Market, credit, ok, sign
from tests.factories.ideas import TEXT, Idea
from tests.factories.licences import terms
from tests.factories.people import Person, person
from tests.factories.solicitations import Task, task
from tests.factories.store import Shown, next_number
from tests.factories.world import World


async def test_a_licence_and_a_development_together(world: World) -> None:
    market = await Market.open(world)
    await _wrong_wishes_are_refused(market)
    licensed, idea = await _awarded(
        market, {"outcome": "licence", "licence": terms(royalty=None)}, await Idea.of(market.seller)
    )
    deal_id = licensed["deal_id"]
    (licence,) = await ok(await market.buyer.get(f"/v1/deals/{deal_id}/licences"))
    assert (licence["kind"], licence["right_ids"]) == ("non_exclusive", [idea.right_id])
    await sign((market.seller, market.buyer), deal_id)
    refused = await market.buyer.get(f"{idea.path}/confidential-text")
    assert_refused(refused, 404, "not_disclosed")
    await market.pay(deal_id)
    (licence,) = await ok(await market.buyer.get(f"/v1/deals/{deal_id}/licences"))
    assert licence["state"] == "active"
    read = await ok(await market.buyer.get(f"{idea.path}/confidential-text"))
    assert read["content"] == TEXT
    right = await ok(await market.seller.get(idea.path))
    assert right["owner_organisation_id"] == str(market.seller.organisation_id)
    developed = await _developed_together(market)
    for one in (idea, developed):
        await _read_after_a_transfer(market, one)
    await ok(await market.buyer.post(f"/v1/licences/{licence['id']}/surrender"))
    ended = await market.buyer.get(f"{idea.path}/confidential-text")
    assert_refused(ended, 404, "not_disclosed")
    assert await world.proofs() == []


async def _wrong_wishes_are_refused(market: Market) -> None:
    clock = market.world.clock
    whole = {"numerator": 1, "denominator": 1}
    for wrong in (
        {"outcome": "licence"},
        {"licence": terms()},
        {"outcome": "co_development"},
        {"outcome": "co_development", "organiser_share": whole},
    ):
        answer = await market.buyer.post("/v1/solicitations", task(clock, **wrong))
        assert_refused(answer, 422, "validation_failed")


async def _awarded(market: Market, wanted: dict[str, Any], idea: Idea) -> tuple[Any, Idea]:
    world = market.world
    opened = Task(market.buyer, market.operator, world.sessions, world.clock)
    await opened.open(**wanted)
    assert await opened.enter(idea) == 1
    await opened.close()
    given = {"awards": [{"number": 1, "amount_minor": 9_000_001}]}
    (award,) = await ok(await market.buyer.post(f"{opened.path}/awards", given))
    return award, idea


def _share(who: Person, numerator: int, denominator: int) -> dict[str, Any]:
    share = {"numerator": numerator, "denominator": denominator}
    return {"organisation_id": str(who.organisation_id), "share": share}


async def _read_after_a_transfer(market: Market, idea: Idea) -> None:
    """What was paid for is read on, whoever owns the idea now."""
    world = market.world
    heir = await person(world.client, world.sessions)
    async with world.sessions.begin() as session:
        right_id = UUID(idea.right_id)
        to = heir.organisation_id
        await transfer_title(session, right_id, to=to, basis="inherited", actor=BY_SYSTEM)
    read = await ok(await market.buyer.get(f"{idea.path}/confidential-text"))
    assert read["content"] == TEXT
    refused = await market.seller.get(f"{idea.path}/confidential-text")
    assert_refused(refused, 404, "not_disclosed")


async def _developed_together(market: Market) -> Idea:
    author, mate, buyer = market.seller, market.stranger, market.buyer
    team = [_share(author, 2, 3), _share(mate, 1, 3)]
    wanted = {
        "outcome": "co_development",
        "organiser_share": {"numerator": 2, "denominator": 5},
    }
    award, idea = await _awarded(market, wanted, await Idea.of(author, owners=team))
    path = f"/v1/co-developments/{award['co_development_id']}"
    agreement = await ok(await mate.get(path))
    shares = [_share(buyer, 2, 5), _share(author, 2, 5), _share(mate, 1, 5)]
    told = [{k: one[k] for k in ("organisation_id", "share")} for one in agreement["parties"]]
    assert told == shares
    assert_refused(await market.operator.get(path), 404, "not_found")
    body = {"kind": "patent", "identifier": next_number()}
    assert_refused(await author.post(f"{idea.path}/filings", body), 409, "right_reserved")
    wrong = await author.post(f"{path}/sign", {"sha256": "0" * 64})
    assert_refused(wrong, 409, "agreement_changed")
    for who in (author, buyer):
        await ok(await who.post(f"{path}/sign", {"sha256": agreement["sha256"]}))
    again = await author.post(f"{path}/sign", {"sha256": agreement["sha256"]})
    assert_refused(again, 409, "already_signed")
    signed = await ok(await mate.post(f"{path}/sign", {"sha256": agreement["sha256"]}))
    assert signed["state"] == "signed"
    await market.bank(credit(9_000_001, signed["payment_reference"]))
    assert (await ok(await buyer.get(path)))["state"] == "in_force"
    assert (await ok(await buyer.get(f"{idea.path}/confidential-text")))["content"] == TEXT
    filed = await ok(await buyer.post(f"{idea.path}/filings", body))
    right = await ok(await author.get(f"/v1/rights/{filed['right_id']}"))
    by_owner = sorted(shares, key=lambda one: one["organisation_id"])
    assert sorted(right["owners"], key=lambda one: one["organisation_id"]) == by_owner
    figures = await ok(await market.world.client.get("/v1/statistics/solicitations"))
    both = 2 * 9_000_001  # the price of the licence was released by the clock meanwhile
    assert figures["amounts"][0]["settled_minor"] == both
    assert_refused(await author.post(f"{path}/cancel"), 409, "illegal_move")
    return idea


async def test_a_choice_in_the_store_is_a_deal_and_goes_on_without_it(world: World) -> None:
    market = await Market.open(world)
    author, company = market.seller, market.buyer
    idea = await Idea.of(author)
    filed_on = (world.clock.now() - timedelta(days=2)).date().isoformat()
    body = {"kind": "patent", "identifier": next_number(), "filed_on": filed_on}
    filed = await ok(await author.post(f"{idea.path}/filings", body))
    proofs = (await ok(await author.get(f"{idea.path}/proofs")))["items"]
    assert (await ok(await author.get(f"/v1/rights/{filed['right_id']}/proofs")))["items"] == proofs
    shown = await Shown.of(author, filed["right_id"], world.sessions, world.clock)
    for attempt in (1, 2):
        chosen = await shown.apply(company)
        await shown.wait(30)
        selected = await ok(await author.post(f"{shown.path}/select", {"application_id": chosen}))
        assert (await shown.read())["state"] == "selected"
        if attempt == 1:
            await ok(await company.post(f"/v1/deals/{selected['deal_id']}/cancel"))
            await world.work()
            assert await shown.outcomes() == [(1, "selected"), (2, None)]
    deal_id = selected["deal_id"]
    deal = await ok(await company.get(f"/v1/deals/{deal_id}"))
    assert deal["price"]["amount_minor"] == 40_000_000
    await sign((author, company), deal_id)
    await market.pay(deal_id)
    await ok(await author.post(f"/v1/deals/{deal_id}/file-transfer"))
    assert (await ok(await company.get(f"{idea.path}/confidential-text")))["content"] == TEXT
    evidence = {"evidence": "KR transfer register"}
    await ok(await market.operator.post(f"/v1/deals/{deal_id}/record", evidence))
    await ok(await company.post(f"/v1/deals/{deal_id}/release"))
    await world.work()
    assert (await shown.read())["state"] == "sold"
    figures = await ok(await world.client.get("/v1/statistics/idea-store"))
    assert figures == {
        "entries": 1,
        "windows": 2,
        "open_windows": 0,
        "applications": 2,
        "selected": 2,
        "settled": 1,
    }
    assert await world.proofs() == []
