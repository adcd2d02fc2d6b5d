"""What is at Stripe for somebody pays nobody else, and what Stripe cannot carry stays owed."""

from tests.factories.deals import ok
from tests.factories.stripe import PRICE_MINOR, StripeWorld

HELD_MINOR = 90_000
LEFT_MINOR = PRICE_MINOR * 5 // 100 - (PRICE_MINOR * 29 // 1000 + 30)
"""The commission of a deal that was paid by card, less Stripe's fee for the charge."""
FEE_OF_HELD_MINOR = HELD_MINOR * 29 // 1000 + 30


async def test_a_deal_paid_by_bank_leaves_alone_what_is_held_for_others(
    own_stripe: StripeWorld,
) -> None:
    stripe, seller, operator = own_stripe, own_stripe.market.seller, own_stripe.market.operator
    account = await stripe.onboard(seller)
    there = stripe.fake.books.accounts[account]
    await stripe.settled_deal()
    held = await stripe.funded_deal(HELD_MINOR)
    by_bank = await stripe.signed_deal(10_000)
    await stripe.pay_by_bank(by_bank)
    await stripe.release(by_bank)
    assert stripe.at_stripe("transfer", by_bank) == []
    assert await stripe.owed(seller) == 9_500
    assert await stripe.stuck(seller) == [(9_500, "stripe", [])]

    await ok(await seller.post(f"/v1/deals/{held}/refund"))
    await stripe.work()
    assert [one["amount"] for one in stripe.at_stripe("refund", held)] == [HELD_MINOR]
    await stripe.settled_deal()
    before = there["usd"]
    spare_minor = 2 * LEFT_MINOR - FEE_OF_HELD_MINOR
    (sent,) = await ok(await operator.post("/v1/stripe-payouts", {"currency": "USD"}))
    assert sent["amount_minor"] == spare_minor
    assert await ok(await operator.post("/v1/stripe-payouts", {"currency": "USD"})) == []
    await stripe.work()
    assert there["usd"] - before == spare_minor
    assert await stripe.owed(seller) == 9_500 - spare_minor
    await stripe.require_agreement()


async def test_what_stripe_cannot_carry_to_the_last_digit_stays_owed(stripe: StripeWorld) -> None:
    account = await stripe.onboard(stripe.market.seller)
    deal_id = await stripe.settled_deal(10_010, "KWD")
    there = stripe.fake.books.accounts[account]
    assert there["kwd"] == 9_500
    assert await stripe.owed(stripe.market.seller, "KWD") == 9
    assert await stripe.rows("SELECT kind, error FROM provider_errand") == []

    await stripe.operate(deal_id, "refund-released", {"amount_minor": 3_333})
    assert [one["amount"] for one in stripe.at_stripe("refund", deal_id)] == [3_330]
    assert await stripe.owed(stripe.market.buyer, "KWD") == 3
    assert await stripe.stuck(stripe.market.buyer) == [(3, "larger_amount", [])]
    assert await stripe.rows("SELECT kind, error FROM provider_errand") == []
    await stripe.require_agreement()
