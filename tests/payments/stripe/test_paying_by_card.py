"""A buyer pays a deal by card or bank debit, with everything that banks do to payments."""

import pytest

from tests.factories.bank import refused
from tests.factories.deals import credit, ok
from tests.factories.stripe import PRICE_MINOR, StripeWorld

FEE_MINOR = PRICE_MINOR * 29 // 1000 + 30


async def secret_of(stripe: StripeWorld, deal_id: str) -> dict[str, str]:
    path = f"/v1/payment-requests/{await stripe.request_of(deal_id)}/client-secret"
    found: dict[str, str] = await ok(await stripe.market.buyer.get(path))
    return found


async def test_a_card_payment_is_held_for_the_deal(stripe: StripeWorld) -> None:
    deal_id = await stripe.signed_deal()
    chosen = await stripe.choose(deal_id)
    assert (chosen["provider"], chosen["online"]["state"]) == ("stripe", "created")
    intent = await stripe.intent_of(deal_id)
    assert await secret_of(stripe, deal_id) == {
        "client_secret": intent["client_secret"],
        "publishable_key": "pk_test_of_the_platform",
        "provider_status": "requires_payment_method",
    }
    assert intent["transfer_group"] == f"deal:{deal_id}"

    before = await stripe.balance("world:stripe"), await stripe.balance("expense:stripe")
    await stripe.pay(deal_id)
    await stripe.work()

    deal = await stripe.deal(deal_id)
    assert (deal["state"], deal["held"]["amount_minor"]) == ("funded", PRICE_MINOR)
    online = deal["payment"]["online"]
    assert (online["state"], online["provider_status"]) == ("held", "succeeded")
    after = await stripe.balance("world:stripe"), await stripe.balance("expense:stripe")
    assert (after[0] - before[0], after[1] - before[1]) == (FEE_MINOR - PRICE_MINOR, -FEE_MINOR)
    await stripe.require_agreement()


async def test_only_the_payer_gets_the_client_secret(stripe: StripeWorld) -> None:
    deal_id = await stripe.signed_deal()
    path = f"/v1/payment-requests/{await stripe.request_of(deal_id)}"
    await refused(await stripe.market.buyer.get(f"{path}/client-secret"), 409, "no_client_secret")
    await stripe.choose(deal_id)
    secret = (await stripe.intent_of(deal_id))["client_secret"]

    for who in (stripe.market.seller, stripe.market.stranger):
        await refused(await who.get(f"{path}/client-secret"), 404, "not_found")
        await refused(await who.get(path), 404, "not_found")
    operator = stripe.market.operator
    await refused(await operator.get(f"{path}/client-secret"), 404, "not_found")
    shown = [await who.get(f"/v1/deals/{deal_id}") for who in (stripe.market.buyer, operator)]
    shown += [await operator.get(path), await operator.get("/v1/online-payments", state="pending")]
    assert all(answer.is_success and secret not in answer.text for answer in shown)
    for table in ("online_payment", "provider_event", "event", "idempotency_key"):
        rows = await stripe.rows(f"SELECT t::text AS line FROM {table} t")  # noqa: S608
        assert not any(secret in row.line or secret.encode().hex() in row.line for row in rows)

    await stripe.pay(deal_id)
    await stripe.work()
    await refused(await stripe.market.buyer.get(f"{path}/client-secret"), 409, "no_client_secret")
    kept = "SELECT id FROM online_payment WHERE ciphertext IS NOT NULL AND subject = :subject"
    assert await stripe.rows(kept, subject=f"deal:{deal_id}") == []


async def test_a_bank_asks_for_authentication(stripe: StripeWorld) -> None:
    deal_id = await stripe.signed_deal()
    await stripe.choose(deal_id)
    intent = await stripe.pay(deal_id, "pm_card_authenticationRequired")
    await stripe.work()
    assert (await secret_of(stripe, deal_id))["provider_status"] == "requires_action"

    stripe.fake.payments.authenticate(intent["id"], ok=False)
    await stripe.work()
    online = (await stripe.deal(deal_id))["payment"]["online"]
    assert online["failure_code"] == "payment_intent_authentication_failure"
    assert online["state"] == "pending"

    await stripe.pay(deal_id, "pm_card_authenticationRequired")
    stripe.fake.payments.authenticate(intent["id"])
    await stripe.work()
    assert (await stripe.deal(deal_id))["state"] == "funded"
    await stripe.require_agreement()


async def test_a_declined_card_says_why_and_another_one_pays(stripe: StripeWorld) -> None:
    deal_id = await stripe.signed_deal()
    await stripe.choose(deal_id)
    with pytest.raises(Exception, match="insufficient funds"):
        await stripe.pay(deal_id, "pm_card_chargeDeclinedInsufficientFunds")
    await stripe.work()

    deal = await stripe.deal(deal_id)
    online = deal["payment"]["online"]
    assert (online["failure_code"], online["failure_text"]) == (
        "insufficient_funds",
        "Your card has insufficient funds.",
    )
    assert (deal["state"], deal["held"]["amount_minor"]) == ("signed", 0)

    await stripe.pay(deal_id)
    await stripe.work()
    deal = await stripe.deal(deal_id)
    assert (deal["state"], deal["payment"]["online"]["failure_code"]) == ("funded", None)


@pytest.mark.parametrize("arrives", [True, False])
async def test_a_bank_debit_takes_days(stripe: StripeWorld, *, arrives: bool) -> None:
    deal_id = await stripe.signed_deal()
    await stripe.choose(deal_id)
    intent = await stripe.pay(deal_id, "pm_usBankAccount")
    await stripe.work()
    deal = await stripe.deal(deal_id)
    assert (deal["state"], deal["payment"]["online"]["provider_status"]) == ("signed", "processing")

    stripe.fake.payments.settle_debit(intent["id"], ok=arrives)
    await stripe.work()
    deal = await stripe.deal(deal_id)
    assert deal["state"] == ("funded" if arrives else "signed")
    assert deal["payment"]["online"]["state"] == ("held" if arrives else "pending")
    await stripe.require_agreement()


async def test_changing_to_bank_transfer_cancels_the_intent(stripe: StripeWorld) -> None:
    deal_id = await stripe.signed_deal()
    await stripe.choose(deal_id)
    await stripe.choose(deal_id, "bank")
    assert (await stripe.intent_of(deal_id))["status"] == "canceled"
    online = (await stripe.deal(deal_id))["payment"]["online"]
    assert online["state"] == "cancelled"

    await stripe.choose(deal_id)
    await stripe.pay(deal_id)
    await stripe.work()
    assert (await stripe.deal(deal_id))["state"] == "funded"
    assert await stripe.payments_of(deal_id) == ["cancelled", "held"]
    await stripe.require_agreement()


async def test_changing_at_once_leaves_no_intent_open(stripe: StripeWorld) -> None:
    deal_id = await stripe.signed_deal()
    path = f"/v1/payment-requests/{await stripe.request_of(deal_id)}/provider"
    for provider in ("stripe", "bank"):
        await ok(await stripe.market.buyer.put(path, {"provider": provider}))
    answer = await stripe.market.buyer.put(path, {"provider": "stripe"})
    await refused(answer, 503, "payment_being_replaced")
    await stripe.work()
    assert [one["status"] for one in stripe.at_stripe("payment_intent", deal_id)] == ["canceled"]


async def _pay_by_bank(stripe: StripeWorld, deal_id: str, amount_minor: int = PRICE_MINOR) -> None:
    reference = (await stripe.deal(deal_id))["payment"]["reference"]
    line = credit(amount_minor, reference, currency="USD")
    line = line.replace(f",{amount_minor},", f",{amount_minor // 100}.{amount_minor % 100:02},")
    await stripe.market.bank(line)


async def _newest_entry(stripe: StripeWorld) -> dict[str, str]:
    queued = await ok(await stripe.market.operator.get("/v1/bank-entries", limit=100))
    newest: dict[str, str] = queued["items"][-1]
    return newest


async def test_paid_by_bank_first_the_card_is_refunded(stripe: StripeWorld) -> None:
    deal_id = await stripe.signed_deal()
    await stripe.choose(deal_id)
    await stripe.pay(deal_id)
    await _pay_by_bank(stripe, deal_id)
    await stripe.work()

    deal = await stripe.deal(deal_id)
    assert (deal["state"], deal["held"]["amount_minor"]) == ("funded", PRICE_MINOR)
    online = deal["payment"]["online"]
    assert (online["state"], online["refunded"]["amount_minor"]) == ("returned", PRICE_MINOR)
    assert [one["amount"] for one in stripe.at_stripe("refund", deal_id)] == [PRICE_MINOR]
    assert await stripe.owed(stripe.market.buyer) == 0
    found = await ok(
        await stripe.market.operator.get("/v1/online-payments", state="returned", limit=100)
    )
    assert f"deal:{deal_id}" in {one["subject"] for one in found["items"]}
    told = await stripe.rows("SELECT data FROM event WHERE type = 'online_payment.return'")
    assert told[-1].data["amount_minor"] == PRICE_MINOR
    await stripe.require_agreement()


async def test_paid_by_bank_first_an_open_intent_is_cancelled(stripe: StripeWorld) -> None:
    deal_id = await stripe.signed_deal()
    await stripe.choose(deal_id)
    await _pay_by_bank(stripe, deal_id)
    await stripe.work()
    assert (await stripe.intent_of(deal_id))["status"] == "canceled"
    assert (await stripe.deal(deal_id))["state"] == "funded"


async def test_paid_by_card_first_the_transfer_waits_for_the_operator(stripe: StripeWorld) -> None:
    deal_id = await stripe.funded_deal()
    await _pay_by_bank(stripe, deal_id)
    assert (await _newest_entry(stripe))["reason"] == "request_closed"
    await stripe.require_agreement()


async def test_a_card_pays_what_the_bank_left_due(stripe: StripeWorld) -> None:
    deal_id = await stripe.signed_deal()
    await _pay_by_bank(stripe, deal_id, 30_000)
    entry = await _newest_entry(stripe)
    reference = {"reference": (await stripe.deal(deal_id))["payment"]["reference"]}
    await ok(await stripe.market.operator.post(f"/v1/bank-entries/{entry['id']}/apply", reference))
    await stripe.choose(deal_id)
    assert (await stripe.intent_of(deal_id))["amount"] == PRICE_MINOR - 30_000
    await stripe.pay(deal_id)
    await stripe.work()
    assert (await stripe.deal(deal_id))["held"]["amount_minor"] == PRICE_MINOR
    await stripe.require_agreement()


async def test_a_deal_cancelled_while_the_card_pays_refunds_it(stripe: StripeWorld) -> None:
    deal_id = await stripe.signed_deal()
    await stripe.choose(deal_id)
    intent = await stripe.pay(deal_id, "pm_usBankAccount")
    await stripe.work()
    await ok(await stripe.market.buyer.post(f"/v1/deals/{deal_id}/cancel"))
    await stripe.work()
    assert (await stripe.deal(deal_id))["payment"]["online"]["state"] == "cancelling"

    stripe.fake.payments.settle_debit(intent["id"])
    await stripe.work()

    deal = await stripe.deal(deal_id)
    assert (deal["state"], deal["payment"]["online"]["state"]) == ("cancelled", "returned")
    assert [one["amount"] for one in stripe.at_stripe("refund", deal_id)] == [PRICE_MINOR]
    await stripe.require_agreement()


async def test_the_options_say_why_not(stripe: StripeWorld) -> None:
    deal_id = await stripe.signed_deal()
    await stripe.execute(
        "UPDATE organisation SET country = 'KR' WHERE id = :id",
        id=stripe.market.seller.organisation_id,
    )
    bank, online = (await stripe.deal(deal_id))["payment"]["options"]
    assert (bank["provider"], bank["possible"], bank["reasons"]) == ("bank", True, [])
    assert (online["provider"], online["possible"], online["hold_days"]) == ("stripe", False, 730)
    assert online["reasons"] == ["Stripe does not pay out to KR, where a payee of this deal is"]
    path = f"/v1/payment-requests/{await stripe.request_of(deal_id)}/provider"
    answer = await stripe.market.buyer.put(path, {"provider": "stripe"})
    await refused(answer, 409, "provider_not_possible")
    assert answer.json()["detail"] == online["reasons"][0]
    assert await stripe.payments_of(deal_id) == []
