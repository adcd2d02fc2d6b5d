"""Payees onboard with Stripe, are paid from the charge, and give back what was wrongly paid."""

from tests.factories.bank import bank_account, refused
from tests.factories.deals import ok
from tests.factories.people import Person
from tests.factories.stripe import PRICE_MINOR, StripeWorld
from tests.fakes.stripe.faults import Fault

NET_MINOR = PRICE_MINOR * 95 // 100


async def payouts_of(stripe: StripeWorld, who: Person) -> list[tuple[str, str, int]]:
    query = """
        SELECT method, state, amount_minor FROM payout WHERE organisation_id = :id ORDER BY id
    """
    rows = await stripe.rows(query, id=who.organisation_id)
    return [(row.method, row.state, row.amount_minor) for row in rows]


async def test_onboarding_says_what_stripe_wants(stripe: StripeWorld) -> None:
    seller = stripe.market.seller
    await refused(await seller.get("/v1/connected-account"), 404, "not_found")
    begun = await ok(await seller.post("/v1/connected-account"))
    assert (begun["can_be_paid"], begun["onboarding_url"]) == (False, None)
    await refused(await seller.post("/v1/connected-account"), 409, "connected_account_exists")
    await stripe.work()

    account = await ok(await seller.get("/v1/connected-account"))
    assert account["onboarding_url"].startswith("https://connect.stripe.test/setup/acct_")
    assert account["requirements"] == [
        "give the bank account that Stripe shall pay out to",
        "give your date of birth",
        "accept Stripe's terms of service",
    ]
    assert account["disabled_reason"].startswith("Stripe waits for overdue information")
    again = await ok(await seller.post("/v1/connected-account/link"))
    assert again["onboarding_url"] is None
    await stripe.work()
    other = (await ok(await seller.get("/v1/connected-account")))["onboarding_url"]
    assert other not in {None, account["onboarding_url"]}
    kept = await stripe.rows("SELECT c::text AS line FROM connected_account c")
    assert not any("connect.stripe.test" in row.line for row in kept)

    (own,) = [a for a in stripe.fake.books.of_kind("account") if _is_of(a, seller)]
    stripe.fake.accounts.onboard(own["id"])
    await stripe.work()
    account = await ok(await seller.get("/v1/connected-account"))
    assert (account["can_be_paid"], account["requirements"]) == (True, [])
    assert (account["disabled_reason"], account["onboarding_url"]) == (None, None)
    assert account["masked"] == f"Stripe ****{own['id'][-4:]}"


def _is_of(account: dict[str, dict[str, str]], who: Person) -> bool:
    return account["metadata"].get("organisation") == str(who.organisation_id)


async def test_stripe_pays_no_one_in_korea(stripe: StripeWorld) -> None:
    seller = stripe.market.seller
    await stripe.execute(
        "UPDATE organisation SET country = 'KR' WHERE id = :id", id=seller.organisation_id
    )
    await refused(await seller.post("/v1/connected-account"), 409, "country_not_paid")
    answer = await seller.put("/v1/payout-method", {"method": "stripe"})
    await refused(answer, 409, "no_account_for_method")
    answer = await seller.put("/v1/payout-method", {"method": "bank"})
    await refused(answer, 409, "no_account_for_method")
    assert await ok(await seller.get("/v1/payout-method")) == {"method": "bank"}


async def test_a_release_transfers_the_price_less_commission(stripe: StripeWorld) -> None:
    account = await stripe.onboard(stripe.market.seller)
    deal_id = await stripe.settled_deal()

    (transfer,) = stripe.at_stripe("transfer", deal_id)
    (charge,) = stripe.at_stripe("charge", deal_id)
    assert transfer["amount"] == NET_MINOR
    assert transfer["destination"] == account
    assert transfer["source_transaction"] == charge["id"]
    assert transfer["transfer_group"] == f"deal:{deal_id}"
    assert await payouts_of(stripe, stripe.market.seller) == [("stripe", "confirmed", NET_MINOR)]
    for who, told in ((stripe.market.operator, True), (stripe.market.seller, False)):
        ledger = await ok(await who.get(f"/v1/deals/{deal_id}/ledger"))
        assert ("expense:stripe" in {one["source"] for one in ledger}) is told
    assert await stripe.owed(stripe.market.seller) == 0
    await stripe.require_agreement()


async def test_who_onboards_later_is_paid_then(stripe: StripeWorld) -> None:
    deal_id = await stripe.settled_deal()
    assert stripe.at_stripe("transfer", deal_id) == []
    assert await stripe.owed(stripe.market.seller) == NET_MINOR

    account = await stripe.onboard(stripe.market.seller)
    assert stripe.fake.books.accounts[account]["usd"] == NET_MINOR
    (transfer,), (charge,) = (stripe.at_stripe(kind, deal_id) for kind in ("transfer", "charge"))
    assert transfer["source_transaction"] == charge["id"]
    assert await stripe.owed(stripe.market.seller) == 0
    await stripe.require_agreement()


async def test_who_is_paid_by_bank_is_left_to_the_bank(stripe: StripeWorld) -> None:
    seller = stripe.market.seller
    await ok(await seller.put("/v1/payee-account", bank_account()))
    deal_id = await stripe.settled_deal()
    assert stripe.at_stripe("transfer", deal_id) == []

    await stripe.onboard(seller)
    answer = await stripe.market.operator.post("/v1/payout-batches", {"currency": "USD"})
    await refused(answer, 409, "nothing_to_pay")
    await ok(await seller.put("/v1/payout-method", {"method": "bank"}))
    assert await ok(await seller.get("/v1/payout-method")) == {"method": "bank"}


async def test_a_refused_transfer_is_payable_again_to_a_new_account(stripe: StripeWorld) -> None:
    seller = stripe.market.seller
    first = await stripe.onboard(seller)
    stripe.fake.books.get(first, "account")["capabilities"] = {"transfers": "inactive"}
    deal_id = await stripe.settled_deal()

    assert await payouts_of(stripe, seller) == [("stripe", "returned", NET_MINOR)]
    assert await stripe.owed(seller) == NET_MINOR
    (payout,) = await stripe.rows(
        "SELECT return_code, return_text FROM payout WHERE organisation_id = :id",
        id=seller.organisation_id,
    )
    assert payout.return_code == "insufficient_capabilities_for_transfer"
    assert payout.return_text.startswith("Your destination account needs")
    await stripe.require_agreement()

    assert (await seller.delete("/v1/connected-account")).status_code == 204
    second = await stripe.onboard(seller)
    assert second != first
    assert stripe.fake.books.accounts[second]["usd"] == NET_MINOR
    assert await stripe.owed(seller) == 0
    assert [t["destination"] for t in stripe.at_stripe("transfer", deal_id)] == [second]
    await stripe.require_agreement()


async def test_an_operator_sends_what_failed_again(stripe: StripeWorld) -> None:
    seller = stripe.market.seller
    account = await stripe.onboard(seller)
    own = stripe.fake.books.get(account, "account")
    own["capabilities"] = {"transfers": "inactive"}
    await stripe.settled_deal()
    own["capabilities"] = {"transfers": "active"}
    operator = stripe.market.operator
    sent = await ok(await operator.post("/v1/stripe-payouts", {"currency": "USD"}))
    mine = [one for one in sent if one["organisation_id"] == str(seller.organisation_id)]
    assert [(one["method"], one["amount_minor"]) for one in mine] == [("stripe", NET_MINOR)]
    await stripe.work()
    assert await stripe.owed(seller) == 0
    await stripe.require_agreement()


async def test_no_fault_pays_twice(own_stripe: StripeWorld) -> None:
    """The answer to each call is lost in every way, and a day later Stripe forgets the keys."""
    stripe = own_stripe
    account = await stripe.onboard(stripe.market.seller)
    stripe.fake.faults.slow_seconds = 0.6
    for number, fault in enumerate(Fault, start=1):
        patience = 0.5 if fault is Fault.SLOW_AFTER else 30
        stripe.desk.stripe._door._client.timeout = patience
        deal_id = await stripe.signed_deal()
        stripe.fake.faults.plan(fault)
        await stripe.choose(deal_id)
        await stripe.pass_time(minutes=3)
        await stripe.pay(deal_id)
        await stripe.work()
        await stripe.deliver_right(deal_id)
        await ok(await stripe.market.buyer.post(f"/v1/deals/{deal_id}/release"))
        stripe.fake.faults.plan(fault)
        await stripe.work()
        stripe.fake.forget_keys()
        await stripe.pass_time(hours=1)

        assert len(stripe.at_stripe("transfer", deal_id)) == 1, fault
        assert len(stripe.at_stripe("charge", deal_id)) == 1, fault
        assert stripe.fake.books.accounts[account]["usd"] == NET_MINOR * number
    assert await stripe.rows("SELECT id FROM provider_errand") == []
    await stripe.require_agreement()


async def test_a_reversed_deal_takes_the_transfer_back(stripe: StripeWorld) -> None:
    account = await stripe.onboard(stripe.market.seller)
    deal_id = await stripe.settled_deal()
    await stripe.operate(deal_id, "reverse")

    assert stripe.fake.books.accounts[account]["usd"] == 0
    assert [one["amount"] for one in stripe.at_stripe("refund", deal_id)] == [PRICE_MINOR]
    assert await stripe.owed(stripe.market.seller) == 0
    assert await stripe.owed(stripe.market.buyer) == 0
    await stripe.require_agreement()


async def test_what_a_payee_has_spent_is_set_off_next_time(stripe: StripeWorld) -> None:
    seller = stripe.market.seller
    account = await stripe.onboard(seller)
    deal_id = await stripe.settled_deal()
    stripe.fake.transfers.pay_out_account(account, 60_000, "usd")
    await stripe.operate(deal_id, "reverse")

    assert stripe.fake.books.accounts[account]["usd"] == 0
    assert await stripe.owed(seller) == -60_000
    assert await stripe.owed(stripe.market.buyer) == 0
    (reversal,) = await stripe.rows(
        "SELECT r.* FROM transfer_reversal r JOIN payout p ON p.id = r.payout_id"
        " WHERE p.organisation_id = :id",
        id=seller.organisation_id,
    )
    assert (reversal.amount_minor, reversal.reversed_minor) == (NET_MINOR, NET_MINOR - 60_000)
    assert reversal.failure_code == "balance_insufficient"

    await stripe.settled_deal()
    assert stripe.fake.books.accounts[account]["usd"] == NET_MINOR - 60_000
    assert await stripe.owed(seller) == 0
    await stripe.require_agreement()


async def test_an_account_may_be_disconnected(stripe: StripeWorld) -> None:
    account = await stripe.onboard(stripe.market.seller)
    stripe.fake.accounts.disconnect(account)
    await stripe.work()
    shown = await ok(await stripe.market.seller.get("/v1/connected-account"))
    assert (shown["can_be_paid"], shown["requirements"]) == (False, [])
    assert shown["disabled_reason"].startswith("you disconnected the account")
    await stripe.settled_deal()
    assert await stripe.owed(stripe.market.seller) == NET_MINOR


async def test_stripe_disables_and_enables_an_account(stripe: StripeWorld) -> None:
    account = await stripe.onboard(stripe.market.seller)
    stripe.fake.accounts.restrict(account)
    await stripe.work()
    await stripe.settled_deal()
    assert await stripe.owed(stripe.market.seller) == NET_MINOR

    stripe.fake.accounts.onboard(account)
    await stripe.work()
    assert await stripe.owed(stripe.market.seller) == 0
    await stripe.require_agreement()
