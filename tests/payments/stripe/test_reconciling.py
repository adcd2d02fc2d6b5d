"""Stripe's own list of movements against the ledger: each difference is named."""

from marketplace.payments.reconciling.stripe import reconcile
from tests.factories.stripe import PRICE_MINOR, StripeWorld


def usd(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02} USD"


async def differences(stripe: StripeWorld) -> list[str]:
    world = stripe.world
    found = await reconcile(world.settings, world.sessions, world.clock.now().date())
    return list(found.differences)


async def test_one_minor_unit_is_found(own_stripe: StripeWorld) -> None:
    stripe = own_stripe
    account = await stripe.onboard(stripe.market.seller)
    deal_id = await stripe.settled_deal()
    await stripe.operate(deal_id, "reverse")
    assert stripe.fake.books.accounts[account]["usd"] == 0
    payout = stripe.fake.transfers.pay_out_platform(1_000, "usd")
    await stripe.work()
    assert await differences(stripe) == []
    stripe.fake.transfers.fail_platform_payout(payout["id"])
    await stripe.work()
    assert await differences(stripe) == []
    assert await stripe.balance("world:between") == 0
    await stripe.require_agreement()

    charge = stripe.fake.books.transactions[0]
    charge["net"] += 1
    charge["amount"] += 1
    net = charge["net"]
    (found,) = await differences(stripe)
    assert found == f"{charge['id']}: Stripe moved {usd(net)}, the ledger {usd(net - 1)}"
    charge["net"] -= 1
    charge["amount"] -= 1
    stripe.fake.books.move("stripe_fee", "fee_1", -1, 0, "usd")
    unbooked, balance = await differences(stripe)
    assert unbooked == "txn_000007: Stripe moved -0.01 USD, the ledger has nothing"
    assert balance.startswith("balance now: Stripe has ")


async def test_a_movement_that_stripe_does_not_know_is_found(own_stripe: StripeWorld) -> None:
    stripe = own_stripe
    await stripe.funded_deal()
    charge = stripe.fake.books.transactions.pop()
    (found,) = await differences(stripe)
    moved = f"the ledger moved {usd(charge['net'])}"
    assert found == f"{charge['id']}: {moved}, Stripe knows of no such movement"
    assert charge["amount"] == PRICE_MINOR
