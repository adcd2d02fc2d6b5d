"""A payer's bank takes a payment back; who keeps it is decided elsewhere, and booked here."""

from typing import Any

from tests.factories.bank import refused
from tests.factories.deals import ok
from tests.factories.stripe import PRICE_MINOR, StripeWorld
from tests.fakes.stripe.books import Body

EVIDENCE = {"evidence": "Agreement signed by both; register extract."}


async def charged_back(stripe: StripeWorld, deal_id: str, amount: int | None = None) -> Body:
    (charge,) = stripe.at_stripe("charge", deal_id)
    dispute = stripe.fake.disputes.open(charge["id"], amount)
    await stripe.work()
    return dispute


async def chargeback_of(stripe: StripeWorld, deal_id: str, state: str = "open") -> dict[str, Any]:
    page = await ok(await stripe.market.operator.get("/v1/chargebacks", state=state, limit=100))
    (found,) = [one for one in page["items"] if one["subject"] == f"deal:{deal_id}"]
    return dict(found)


async def test_a_chargeback_freezes_the_deal_and_is_owed_by_the_payer(stripe: StripeWorld) -> None:
    deal_id = await stripe.funded_deal()
    await charged_back(stripe, deal_id)

    deal = await stripe.deal(deal_id)
    assert (deal["state"], deal["held"]["amount_minor"]) == ("disputed", PRICE_MINOR)
    assert deal["dispute_reason"] == "the buyer's bank opened a chargeback: fraudulent"
    chargeback = await chargeback_of(stripe, deal_id)
    assert (chargeback["taken"]["amount_minor"], chargeback["lost"]["amount_minor"]) == (
        PRICE_MINOR,
        0,
    )
    assert await stripe.owed(stripe.market.buyer) == -PRICE_MINOR
    await stripe.require_agreement()


async def test_lost_the_refund_pays_the_buyer_nothing_more(stripe: StripeWorld) -> None:
    deal_id = await stripe.funded_deal()
    dispute = await charged_back(stripe, deal_id)
    stripe.fake.disputes.decide(dispute["id"], won=False)
    await stripe.work()
    await stripe.operate(deal_id, "resolve-refund")

    assert (await chargeback_of(stripe, deal_id, "lost"))["reason"] == "fraudulent"
    assert stripe.at_stripe("refund", deal_id) == []
    assert await stripe.owed(stripe.market.buyer) == 0
    await stripe.require_agreement()


async def test_evidence_wins_the_money_back(stripe: StripeWorld) -> None:
    await stripe.onboard(stripe.market.seller)
    deal_id = await stripe.funded_deal()
    dispute = await charged_back(stripe, deal_id)
    path = f"/v1/chargebacks/{(await chargeback_of(stripe, deal_id))['id']}"
    for who in (stripe.market.seller, stripe.market.buyer):
        await refused(await who.post(f"{path}/evidence", EVIDENCE), 403, "permission_missing")
    await ok(await stripe.market.operator.post(f"{path}/evidence", EVIDENCE))
    other = {"evidence": "Something else."}
    answer = await stripe.market.operator.post(f"{path}/evidence", other)
    await refused(answer, 409, "evidence_submitted")
    await stripe.work()
    answer = await stripe.market.operator.post(f"{path}/evidence", other)
    await refused(answer, 409, "illegal_move")
    contested = await chargeback_of(stripe, deal_id, "contested")
    assert (contested["evidence"], contested["failure"]) == (EVIDENCE["evidence"], None)
    assert dispute["evidence"]["uncategorized_text"] == EVIDENCE["evidence"]
    answer = await stripe.market.operator.post(f"{path}/accept")
    await refused(answer, 409, "illegal_move")

    stripe.fake.disputes.decide(dispute["id"], won=True)
    await stripe.work()
    won = await chargeback_of(stripe, deal_id, "won")
    assert won["taken"]["amount_minor"] == 0
    assert await stripe.owed(stripe.market.buyer) == 0
    deal = await stripe.deal(deal_id)
    assert (deal["state"], deal["dispute_reason"]) == ("funded", None)
    await stripe.release(deal_id)
    assert len(stripe.at_stripe("transfer", deal_id)) == 1
    await stripe.require_agreement()


async def test_one_that_is_accepted_is_lost(stripe: StripeWorld) -> None:
    deal_id = await stripe.funded_deal()
    await charged_back(stripe, deal_id)
    path = f"/v1/chargebacks/{(await chargeback_of(stripe, deal_id))['id']}"
    await ok(await stripe.market.operator.post(f"{path}/accept"))
    await stripe.work()
    assert (await chargeback_of(stripe, deal_id, "lost"))["taken"]["amount_minor"] == PRICE_MINOR
    answer = await stripe.market.operator.post(f"{path}/evidence", EVIDENCE)
    await refused(answer, 409, "illegal_move")
    await stripe.require_agreement()


async def test_what_exceeds_the_payment_is_a_loss(stripe: StripeWorld) -> None:
    before = await stripe.balance("loss:dispute")
    deal_id = await stripe.funded_deal()
    dispute = await charged_back(stripe, deal_id, PRICE_MINOR + 1_234)
    assert await stripe.owed(stripe.market.buyer) == -PRICE_MINOR
    assert await stripe.balance("loss:dispute") == before - 1_234
    await stripe.require_agreement()

    stripe.fake.disputes.decide(dispute["id"], won=True)
    await stripe.work()
    assert await stripe.owed(stripe.market.buyer) == 0
    assert await stripe.balance("loss:dispute") == before
    await stripe.require_agreement()


async def test_after_the_transfer_the_seller_gives_back(stripe: StripeWorld) -> None:
    account = await stripe.onboard(stripe.market.seller)
    deal_id = await stripe.settled_deal()
    dispute = await charged_back(stripe, deal_id)
    assert (await stripe.deal(deal_id))["state"] == "settled"
    stripe.fake.disputes.decide(dispute["id"], won=False)
    await stripe.work()
    await stripe.operate(deal_id, "reverse")

    assert stripe.fake.books.accounts[account]["usd"] == 0
    assert stripe.at_stripe("refund", deal_id) == []
    assert await stripe.owed(stripe.market.buyer) == await stripe.owed(stripe.market.seller) == 0
    await stripe.require_agreement()


async def test_news_of_a_dispute_may_come_before_any_of_its_payment(stripe: StripeWorld) -> None:
    deal_id = await stripe.signed_deal()
    await stripe.choose(deal_id)
    await stripe.pay(deal_id)
    (charge,) = stripe.at_stripe("charge", deal_id)
    stripe.fake.disputes.open(charge["id"])
    news = stripe.fake.books.events[stripe.courier.told :]
    stripe.courier.told = len(stripe.fake.books.events)
    for event in reversed(news):
        await stripe.courier.send(event)
        await stripe.work()
    assert (await stripe.deal(deal_id))["state"] == "disputed"
    assert (await chargeback_of(stripe, deal_id))["taken"]["amount_minor"] == PRICE_MINOR
    await stripe.require_agreement()


async def test_a_refund_that_a_won_dispute_had_stopped_goes_to_the_card(
    stripe: StripeWorld,
) -> None:
    deal_id = await stripe.funded_deal()
    dispute = await charged_back(stripe, deal_id)
    await stripe.operate(deal_id, "resolve-refund")
    path = f"/v1/chargebacks/{(await chargeback_of(stripe, deal_id))['id']}"
    await ok(await stripe.market.operator.post(f"{path}/evidence", EVIDENCE))
    await stripe.work()
    assert stripe.at_stripe("refund", deal_id) == []

    stripe.fake.disputes.decide(dispute["id"], won=True)
    await stripe.work()
    assert [one["amount"] for one in stripe.at_stripe("refund", deal_id)] == [PRICE_MINOR]
    assert await stripe.owed(stripe.market.buyer) == 0
    await stripe.require_agreement()


async def test_a_lost_part_leaves_the_rest_for_the_card(stripe: StripeWorld) -> None:
    deal_id = await stripe.funded_deal()
    await charged_back(stripe, deal_id, PRICE_MINOR // 4)
    await stripe.operate(deal_id, "resolve-refund")
    assert stripe.at_stripe("refund", deal_id) == []
    assert await stripe.owed(stripe.market.buyer) == PRICE_MINOR * 3 // 4

    path = f"/v1/chargebacks/{(await chargeback_of(stripe, deal_id))['id']}"
    await ok(await stripe.market.operator.post(f"{path}/accept"))
    await stripe.work()
    assert [one["amount"] for one in stripe.at_stripe("refund", deal_id)] == [PRICE_MINOR * 3 // 4]
    assert await stripe.owed(stripe.market.buyer) == 0
    await stripe.require_agreement()
