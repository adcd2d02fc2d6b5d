"""Collateral that is auctioned: its proceeds go through the waterfall, its title to the winner."""

from tests.factories.auctions import bid, pass_time, read, registration, take_part, terms
from tests.factories.deals import ok
from tests.factories.financing import AMOUNT_MINOR, Desk
from tests.factories.people import person
from tests.factories.refusals import told

COSTS_MINOR = 6_000_000


async def test_collateral_is_auctioned_and_what_comes_pays_the_loan(desk: Desk) -> None:
    world, market = desk.world, desk.market
    loan = await desk.running(schedule="bullet", term_months=3, months_each=3)
    right_id, path = loan["pledges"][0]["right_id"], f"/v1/loans/{loan['id']}"
    wanted = {"right_id": right_id, "costs_minor": COSTS_MINOR, "payment_days": 5}
    early = terms(market, **wanted)
    assert told(await desk.lender.post(f"{path}/auctions", early)) == (409, "illegal_move")
    await desk.days(93 + 91)
    await ok(await desk.lender.post(f"{path}/default"))
    body = terms(market, **wanted)
    assert told(await desk.borrower.post(f"{path}/auctions", body)) == (403, "not_your_move")
    assert told(await market.stranger.post(f"{path}/auctions", body)) == (404, "not_found")
    auction = await ok(await desk.lender.post(f"{path}/auctions", body))
    sale = {
        "path": "private_sale",
        "right_id": right_id,
        "payer_organisation_id": str(market.buyer.organisation_id),
        "amount_minor": 1,
    }
    refused = await desk.lender.post(f"{path}/enforcements", sale)
    assert told(refused) == (409, "proceeds_outstanding")
    register = f"/v1/auctions/{auction['id']}/registration"
    assert told(await desk.lender.post(register)) == (409, "own_auction")
    assert told(await desk.borrower.post(register)) == (409, "own_auction")
    one, two = [await person(world.client, world.sessions, name=n) for n in ("One", "Two")]
    await take_part(market, auction, one, two)
    await ok(await bid(one, auction, 90_000_000))
    await ok(await bid(two, auction, 120_000_000))

    await pass_time(market, days=1)
    assert told(await desk.lender.post(f"{path}/share-loss")) == (409, "proceeds_outstanding")
    await pass_time(market, days=5)  # the winner does not pay

    (forfeited,) = await ok(await desk.lender.get(f"{path}/enforcements"))
    assert (forfeited["amount_minor"], forfeited["costs_paid_minor"]) == (8_000_000, COSTS_MINOR)
    await ok(await desk.lender.post(f"/v1/auctions/{auction['id']}/offer-next"))
    await desk.pay((await registration(one, auction))["price_payment"])
    assert (await read(market, auction))["state"] == "paid"
    done = (await ok(await desk.lender.get(f"{path}/enforcements")))[1]
    parts = [done[f"{name}_minor"] for name in ("interest", "late_interest", "principal")]
    assert (done["state"], done["costs_paid_minor"]) == ("realised", 0)
    assert sum(parts) == done["amount_minor"] == 90_000_000
    assert forfeited["principal_minor"] + done["principal_minor"] < AMOUNT_MINOR
    shared = await ok(await desk.lender.post(f"{path}/share-loss"))
    assert shared["state"] == "loss_shared"
    recorded = f"/v1/auctions/{auction['id']}/record"
    found = await ok(await market.operator.post(recorded, {"evidence": "extract"}))
    assert found["state"] == "sold"
    assert (await one.get(f"/v1/rights/{right_id}")).status_code == 200
    assert await world.proofs() == []
