"""Money goes back to the card it came from, and to the payee's account when that fails."""

import pytest

from tests.factories.bank import books, refused
from tests.factories.deals import ok
from tests.factories.stripe import PRICE_MINOR, StripeWorld


def refunds(stripe: StripeWorld, deal_id: str) -> list[int]:
    return [one["amount"] for one in stripe.at_stripe("refund", deal_id)]


async def test_a_refunded_deal_goes_back_to_the_card(stripe: StripeWorld) -> None:
    deal_id = await stripe.funded_deal()
    await ok(await stripe.market.seller.post(f"/v1/deals/{deal_id}/refund"))
    await stripe.work()

    deal = await stripe.deal(deal_id)
    assert (deal["state"], deal["held"]["amount_minor"]) == ("refunded", 0)
    assert deal["payment"]["online"]["refunded"]["amount_minor"] == PRICE_MINOR
    assert refunds(stripe, deal_id) == [PRICE_MINOR]
    assert await stripe.owed(stripe.market.buyer) == 0
    await stripe.require_agreement()


async def test_a_split_refunds_a_part_and_a_reversal_the_rest(stripe: StripeWorld) -> None:
    await stripe.onboard(stripe.market.seller)
    deal_id = await stripe.funded_deal()
    await ok(await stripe.market.buyer.post(f"/v1/deals/{deal_id}/dispute", {"reason": "late"}))
    await stripe.operate(deal_id, "resolve-split", {"to_seller_minor": 70_001})
    assert refunds(stripe, deal_id) == [29_999]
    assert [one["amount"] for one in stripe.at_stripe("transfer", deal_id)] == [66_501]

    await stripe.operate(deal_id, "reverse")
    assert refunds(stripe, deal_id) == [29_999, 70_001]
    assert await stripe.owed(stripe.market.buyer) == await stripe.owed(stripe.market.seller) == 0
    await stripe.require_agreement()


async def test_a_refund_that_fails_is_owed_again(stripe: StripeWorld) -> None:
    deal_id = await stripe.funded_deal()
    await ok(await stripe.market.seller.post(f"/v1/deals/{deal_id}/refund"))
    await stripe.work()
    (refund,) = stripe.at_stripe("refund", deal_id)
    stripe.fake.payments.fail_refund(refund["id"])
    await stripe.work()

    assert await stripe.owed(stripe.market.buyer) == PRICE_MINOR
    (payout,) = await stripe.rows(
        "SELECT state, return_code FROM payout WHERE organisation_id = :id",
        id=stripe.market.buyer.organisation_id,
    )
    assert tuple(payout) == ("returned", "expired_or_canceled_card")
    await stripe.require_agreement()
    assert await stripe.stuck(stripe.market.buyer) == [
        (PRICE_MINOR, "account", [f"deal:{deal_id}"])
    ]

    account = await stripe.onboard(stripe.market.buyer)
    assert stripe.fake.books.accounts[account]["usd"] == PRICE_MINOR
    assert await stripe.owed(stripe.market.buyer) == 0
    await stripe.require_agreement()


async def test_an_operator_refunds_again(stripe: StripeWorld) -> None:
    deal_id = await stripe.funded_deal()
    await ok(await stripe.market.seller.post(f"/v1/deals/{deal_id}/refund"))
    await stripe.work()
    (refund,) = stripe.at_stripe("refund", deal_id)
    stripe.fake.payments.fail_refund(refund["id"])
    await stripe.work()

    operator, path = stripe.market.operator, f"/v1/deals/{deal_id}/refund-again"
    (sent,) = await ok(await operator.post(path))
    assert (sent["method"], sent["amount_minor"]) == ("stripe_refund", PRICE_MINOR)
    async with stripe.world.sessions() as session:
        before = await books(session)
    await refused(await operator.post(path), 409, "nothing_to_refund")
    async with stripe.world.sessions() as session:
        assert await books(session) == before
    await stripe.work()
    assert refunds(stripe, deal_id) == [PRICE_MINOR, PRICE_MINOR]
    assert await stripe.owed(stripe.market.buyer) == 0
    assert await stripe.stuck(stripe.market.buyer) == []
    await stripe.require_agreement()


async def test_the_database_refuses_to_refund_more_than_was_paid(stripe: StripeWorld) -> None:
    deal_id = await stripe.funded_deal()
    too_much = (
        "UPDATE online_payment SET refunded_minor = amount_minor + 1 WHERE subject = :subject"
    )
    with pytest.raises(Exception, match="online_payment_refunded_range_check"):
        await stripe.execute(too_much, subject=f"deal:{deal_id}")
