"""Money may be held for a limited time: a warning, then a decision, before it is over."""

from datetime import datetime, timedelta

from tests.factories.deals import ok
from tests.factories.register import look_up
from tests.factories.stripe import PRICE_MINOR, StripeWorld


async def _short_hold(stripe: StripeWorld, days: int) -> None:
    """The platform is in a country where money is held for so long."""
    await stripe.execute("UPDATE hold_period SET days = :days WHERE country = 'US'", days=days)


async def test_the_deal_says_until_when_money_is_held(stripe: StripeWorld) -> None:
    deal_id = await stripe.funded_deal()
    online = (await stripe.deal(deal_id))["payment"]["online"]
    until = datetime.fromisoformat(online["hold_expires_at"])
    assert timedelta(days=729) < until - stripe.world.clock.now() <= timedelta(days=730)


async def test_a_warning_comes_at_three_quarters_and_a_decision_before_the_end(
    own_stripe: StripeWorld,
) -> None:
    stripe = own_stripe
    await _short_hold(stripe, 40)
    deal_id = await stripe.funded_deal()
    await ok(await stripe.market.seller.post(f"/v1/deals/{deal_id}/file-transfer"))
    await stripe.pass_time(days=29)
    assert await stripe.payments_of(deal_id) == ["held"]

    await stripe.pass_time(days=1, hours=1)
    assert await stripe.payments_of(deal_id) == ["hold_ending"]
    found = await ok(await stripe.market.operator.get("/v1/online-payments"))
    assert [one["subject"] for one in found["items"]] == [f"deal:{deal_id}"]
    assert (await stripe.deal(deal_id))["state"] == "transfer_filed"

    await stripe.pass_time(days=8)
    deal = await stripe.deal(deal_id)
    assert deal["state"] == "refunded"
    assert [one["amount"] for one in stripe.at_stripe("refund", deal_id)] == [PRICE_MINOR]
    until = datetime.fromisoformat(deal["payment"]["online"]["hold_expires_at"])
    assert until > stripe.world.clock.now()
    await stripe.pass_time(days=2)
    assert await stripe.payments_of(deal_id) == ["done"]
    await stripe.require_agreement()


async def test_recorded_the_decision_is_the_release(own_stripe: StripeWorld) -> None:
    stripe = own_stripe
    await _short_hold(stripe, 10)
    deal_id = await stripe.funded_deal()
    await stripe.pass_time(days=8)
    await stripe.deliver_right(deal_id)
    await stripe.pass_time(days=1)
    deal = await stripe.deal(deal_id)
    today = stripe.world.clock.now().date().isoformat()
    await look_up(stripe.market.operator, deal["right_id"], today)
    await stripe.pass_time(hours=14)
    assert (await stripe.deal(deal_id))["state"] == "settled"


async def test_nobody_is_warned_of_what_is_not_held_any_more(own_stripe: StripeWorld) -> None:
    stripe = own_stripe
    await _short_hold(stripe, 10)
    deal_id = await stripe.settled_deal()
    await stripe.pass_time(days=8)
    assert await stripe.payments_of(deal_id) == ["done"]
    told = await stripe.rows("SELECT type FROM event WHERE type LIKE 'online_payment.%'")
    assert "online_payment.warn" not in {row.type for row in told}
