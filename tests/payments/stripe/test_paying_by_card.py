"""A buyer pays a deal by card or bank debit, with everything that banks do to payments."""

from tests.factories.deals import ok
from tests.factories.stripe import PRICE_MINOR, StripeWorld


async def test_a_card_payment_is_held_for_the_deal(stripe: StripeWorld) -> None:
    deal_id = await stripe.signed_deal()
    await stripe.choose(deal_id)
    request_id = await stripe.request_of(deal_id)
    secret = await ok(
        await stripe.market.buyer.get(f"/v1/payment-requests/{request_id}/client-secret")
    )
    intent = await stripe.intent_of(deal_id)
    assert secret == {
        "client_secret": intent["client_secret"],
        "publishable_key": "pk_test_of_the_platform",
        "provider_status": "requires_payment_method",
    }

    await stripe.pay(deal_id)
    await stripe.work()

    deal = await stripe.deal(deal_id)
    assert (deal["state"], deal["held"]["amount_minor"]) == ("funded", PRICE_MINOR)
    assert deal["payment"]["online"]["state"] == "held"
    await stripe.require_agreement()
