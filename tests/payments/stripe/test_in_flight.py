"""A payout that Stripe may have carried out is nobody's to take back but Stripe's."""

from typing import Any

from marketplace.payments.funding.matching import match_received
from marketplace.payments.providers.stripe.errors import StripeRefusalError
from marketplace.payments.transfers.sending import lock_payout, refuse
from tests.factories.bank import books, refused
from tests.factories.deals import debit, ok, statement
from tests.factories.stripe import PRICE_MINOR, StripeWorld
from tests.fakes.stripe.faults import Fault

NET_MINOR = PRICE_MINOR * 95 // 100
_PAYOUTS = "SELECT id, state FROM payout WHERE organisation_id = :id ORDER BY id"


async def in_flight(stripe: StripeWorld) -> tuple[str, Any]:
    """A deal whose transfer was made, though Stripe said otherwise; with its payout."""
    deal_id = await stripe.funded_deal()
    await stripe.deliver_right(deal_id)
    await ok(await stripe.market.buyer.post(f"/v1/deals/{deal_id}/release"))
    stripe.fake.faults.plan(*[Fault.ERROR_AFTER] * 6)
    await stripe.work()
    (payout,) = await stripe.rows(_PAYOUTS, id=stripe.market.seller.organisation_id)
    assert payout.state == "sent"
    assert [one["amount"] for one in stripe.at_stripe("transfer", deal_id)] == [NET_MINOR]
    return deal_id, payout.id


async def recovered(stripe: StripeWorld) -> None:
    stripe.fake.faults.waiting.clear()
    await stripe.pass_time(minutes=5)


async def test_an_operator_cannot_return_what_stripe_carries_out(own_stripe: StripeWorld) -> None:
    stripe = own_stripe
    account = await stripe.onboard(stripe.market.seller)
    deal_id, payout_id = await in_flight(stripe)
    operator = stripe.market.operator
    async with stripe.world.sessions() as session:
        before = await books(session)
    answer = await operator.post(f"/v1/payouts/{payout_id}/return", {"reason": "said the bank"})
    await refused(answer, 409, "not_paid_by_bank")
    answer = await operator.post(f"/v1/payouts/{payout_id}/finish")
    await refused(answer, 409, "not_paid_by_bank")
    async with stripe.world.sessions() as session:
        assert await books(session) == before

    await recovered(stripe)
    assert len(stripe.at_stripe("transfer", deal_id)) == 1
    assert stripe.fake.books.accounts[account]["usd"] == NET_MINOR
    assert await stripe.owed(stripe.market.seller) == 0
    await stripe.require_agreement()


async def test_a_bank_statement_cannot_confirm_what_stripe_carries_out(
    own_stripe: StripeWorld,
) -> None:
    stripe = own_stripe
    await stripe.onboard(stripe.market.seller)
    _, payout_id = await in_flight(stripe)
    operator = stripe.market.operator
    (ours,) = await stripe.rows("SELECT end_to_end_id FROM payout WHERE id = :id", id=payout_id)
    line = debit(NET_MINOR // 100, ours.end_to_end_id, currency="USD")

    await ok(await operator.upload("/v1/bank-statements", statement(line)))
    await match_received(stripe.world.sessions)

    (entry,) = (await ok(await operator.get("/v1/bank-entries", state="queued")))["items"]
    assert entry["reason"] == "unknown_debit"
    (payout,) = await stripe.rows(_PAYOUTS, id=stripe.market.seller.organisation_id)
    assert payout.state == "sent"


async def test_what_stripe_moved_all_the_same_is_owed_back(own_stripe: StripeWorld) -> None:
    stripe = own_stripe
    account = await stripe.onboard(stripe.market.seller)
    _, payout_id = await in_flight(stripe)
    async with stripe.world.sessions.begin() as session:
        wrongly = StripeRefusalError("api_error", "it was not to be known")
        await refuse(session, await lock_payout(session, payout_id), wrongly)
    assert await stripe.owed(stripe.market.seller) == NET_MINOR
    await recovered(stripe)

    (told,) = await stripe.rows(
        "SELECT data FROM event WHERE type = 'payout.overpay' AND subject = :subject",
        subject=f"payout:{payout_id}",
    )
    assert told.data == {"amount_minor": NET_MINOR, "currency": "USD"}
    assert stripe.fake.books.accounts[account]["usd"] == NET_MINOR
    assert await stripe.owed(stripe.market.seller) == 0
    await stripe.require_agreement()
