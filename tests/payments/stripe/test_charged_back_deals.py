"""A deal whose money a chargeback took: frozen, and not decided by the clock."""

from tests.factories.bank import refused
from tests.factories.deals import ok
from tests.factories.register import look_up
from tests.factories.stripe import StripeWorld

PRICE_MINOR = 45_001
OTHERS_MINOR = 90_000
SET_STATE = "UPDATE chargeback SET state = :state WHERE subject = :subject"


async def charged_back(stripe: StripeWorld, deal_id: str) -> str:
    (charge,) = stripe.at_stripe("charge", deal_id)
    dispute = stripe.fake.disputes.open(charge["id"])
    await stripe.work()
    return str(dispute["id"])


async def decided(stripe: StripeWorld, dispute_id: str, *, won: bool) -> None:
    stripe.fake.disputes.decide(dispute_id, won=won)
    await stripe.work()


async def test_a_lost_chargeback_pays_no_seller_from_the_money_of_others(
    own_stripe: StripeWorld,
) -> None:
    stripe, market = own_stripe, own_stripe.market
    await stripe.onboard(market.seller)
    deal_id = await stripe.funded_deal(PRICE_MINOR)
    await stripe.deliver_right(deal_id)
    await decided(stripe, await charged_back(stripe, deal_id), won=False)
    await stripe.pass_time(days=91)
    assert (await stripe.deal(deal_id))["state"] == "disputed_after_recordal"
    await stripe.funded_deal(OTHERS_MINOR)

    path = f"/v1/deals/{deal_id}"
    await refused(await market.operator.post(f"{path}/resolve-release"), 409, "charged_back")
    split = {"to_seller_minor": 1}
    await refused(await market.operator.post(f"{path}/resolve-split", split), 409, "charged_back")
    assert (await stripe.deal(deal_id))["state"] == "disputed_after_recordal"
    assert await stripe.owed(market.buyer) == -PRICE_MINOR

    there = stripe.fake.books.platform["usd"]
    await stripe.operate(deal_id, "resolve-release", {"bear_loss": True})
    assert stripe.at_stripe("transfer", deal_id) == []
    assert stripe.fake.books.platform["usd"] == there
    assert await stripe.stuck(market.seller) == [(PRICE_MINOR * 95 // 100 + 1, "stripe", [])]
    assert await stripe.balance("loss:dispute") == -PRICE_MINOR
    assert await stripe.owed(market.buyer) == 0
    await stripe.require_agreement()

    await stripe.operate(deal_id, "reverse")
    assert await stripe.balance("loss:dispute") == 0
    assert await stripe.owed(market.buyer) == await stripe.owed(market.seller) == 0
    await stripe.require_agreement()


async def test_a_won_chargeback_undoes_the_freeze_and_the_clock_refunds_nothing(
    own_stripe: StripeWorld,
) -> None:
    stripe, market = own_stripe, own_stripe.market
    await stripe.onboard(market.seller)
    funded, recorded = await stripe.funded_deal(), await stripe.funded_deal(PRICE_MINOR)
    await stripe.deliver_right(recorded)
    disputes = {one: await charged_back(stripe, one) for one in (funded, recorded)}
    await stripe.pass_time(days=91)
    assert (await stripe.deal(funded))["state"] == "disputed"
    assert (await stripe.deal(recorded))["state"] == "disputed_after_recordal"
    assert await stripe.rows("SELECT * FROM event WHERE type = 'deal.clock_refused'") == []
    operator, path = market.operator, f"/v1/deals/{recorded}"
    body = {"bear_loss": True}
    await refused(await operator.post(f"{path}/resolve-release", body), 409, "charged_back")

    for deal_id in (funded, recorded):
        await decided(stripe, disputes[deal_id], won=True)
    assert (await stripe.deal(funded))["state"] == "funded"
    deal = await stripe.deal(recorded)
    assert (deal["state"], deal["dispute_reason"]) == ("recorded", None)
    assert await stripe.owed(market.buyer) == 0
    assert stripe.at_stripe("refund", funded) == []
    await stripe.require_agreement()

    # The bank opens another one, and the news of it has not reached the deal yet.
    await stripe.execute(SET_STATE, state="open", subject=f"deal:{recorded}")
    await refused(await market.buyer.post(f"{path}/release"), 409, "charged_back")
    await stripe.execute(SET_STATE, state="won", subject=f"deal:{recorded}")
    day = stripe.world.clock.now().date().isoformat()
    await look_up(operator, deal["right_id"], day)
    await ok(await market.buyer.post(f"{path}/release"))
    await stripe.work()
    assert [one["amount"] for one in stripe.at_stripe("transfer", recorded)] == [42_751]
    await stripe.require_agreement()
