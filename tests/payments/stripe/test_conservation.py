"""Any sequence of what people, banks and networks do: every amount is somewhere, exactly once."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random
from typing import Any

from tests.factories.deals import ok
from tests.factories.stripe import StripeWorld
from tests.fakes.stripe.books import Refusal
from tests.fakes.stripe.faults import Fault

SEEDS = (5, 8)
STEPS = 45
FAULTS = (*(fault for fault in Fault if fault is not Fault.SLOW_AFTER), None)
"""A slow answer is a lost one that takes its time."""
PRICES = (100_000, 33_333, 5_001)
HELD_AT_STRIPE = """
    SELECT coalesce(sum(o.amount_minor), 0) AS minor FROM online_payment o
    JOIN ledger_account h ON h.address = 'held:' || o.subject AND h.balance_minor > 0
    WHERE o.state IN ('held', 'hold_ending')
      AND NOT EXISTS (SELECT FROM chargeback c WHERE c.payment_id = o.id AND c.taken_minor > 0)
"""
"""What was paid by card, and is held for deals of which no bank took anything."""


class Walk:
    """A market in which anything may happen next."""

    def __init__(self, stripe: StripeWorld, dice: Random) -> None:
        self.stripe, self.dice = stripe, dice
        self.deals: list[str] = []
        self.account = ""
        self.paid_by_others: list[str] = []

    @property
    def deal(self) -> str:
        return self.dice.choice(self.deals)

    async def begin_deal(self) -> None:
        if len(self.deals) < 7:
            self.deals.append(await self.stripe.signed_deal(self.dice.choice(PRICES)))
            await self.stripe.choose(self.deals[-1])

    async def funded_deal(self) -> None:
        self.deals.append(await self.stripe.funded_deal(self.dice.choice(PRICES)))

    async def pay(self) -> None:
        method = self.dice.choice(
            ["pm_card_visa"] * 3 + ["pm_usBankAccount", "pm_card_chargeDeclined"]
        )
        await self.stripe.pay(self.deal, method)

    async def settle_debit(self) -> None:
        intent = await self.stripe.intent_of(self.deal)
        if intent["status"] == "processing":
            self.stripe.fake.payments.settle_debit(intent["id"], ok=self.dice.random() < 0.7)

    async def change_provider(self) -> None:
        provider = self.dice.choice(["bank", "stripe"])
        path = f"/v1/payment-requests/{await self.stripe.request_of(self.deal)}/provider"
        await self.stripe.market.buyer.put(path, {"provider": provider})

    async def pay_by_bank(self) -> None:
        payment = (await self.stripe.deal(self.deal))["payment"]
        amount = payment["amount"]["amount_minor"]
        line = (
            f"{self.dice.random()},2026-01-05,credit,{amount // 100}.{amount % 100:02},USD,"
            f"{payment['reference']}"
        )
        header = "entry_id,booked_on,direction,amount,currency,remittance"
        content = f"{header}\n{line}".encode()
        await ok(await self.stripe.market.operator.upload("/v1/bank-statements", content))
        await self.stripe.world.work()

    async def move(self) -> None:
        market = self.stripe.market
        name, who, body = self.dice.choice(
            [
                ("file-transfer", market.seller, None),
                ("record", market.operator, {"evidence": "extract"}),
                ("release", market.buyer, None),
                ("refund", market.seller, None),
                ("cancel", market.buyer, None),
                ("dispute", market.buyer, {"reason": "late"}),
                ("resolve-split", market.operator, {"to_seller_minor": 2_501}),
                ("resolve-refund", market.operator, None),
                ("resolve-release", market.operator, {"bear_loss": self.dice.random() < 0.5}),
                ("reverse", market.operator, None),
            ]
        )
        await who.post(f"/v1/deals/{self.deal}/{name}", body)

    async def deliver(self) -> None:
        deal_id = self.deal
        await self.stripe.deliver_right(deal_id)
        await ok(await self.stripe.market.buyer.post(f"/v1/deals/{deal_id}/release"))

    async def reverse(self) -> None:
        await self.stripe.market.operator.post(f"/v1/deals/{self.deal}/reverse")

    async def charge_back(self) -> None:
        charges = self.stripe.at_stripe("charge", self.deal)
        if charges and not charges[0]["disputed"]:
            amount = charges[0]["amount"] * self.dice.choice([50, 100, 103]) // 100
            self.stripe.fake.disputes.open(charges[0]["id"], amount)

    async def decide(self) -> None:
        for dispute in self.stripe.at_stripe("dispute", self.deal):
            if dispute["status"] in {"needs_response", "under_review"}:
                self.stripe.fake.disputes.decide(dispute["id"], won=self.dice.random() < 0.5)

    async def lose_and_release(self) -> None:
        """A buyer gets everything back by their bank, and the operator pays the seller as well."""
        stripe, deal_id = self.stripe, self.deal
        stripe.fake.faults.waiting.clear()
        charges = stripe.at_stripe("charge", deal_id)
        if not charges or charges[0]["disputed"]:
            return
        opened = stripe.fake.disputes.open(charges[0]["id"])
        stripe.fake.disputes.decide(opened["id"], won=False)
        await stripe.work()
        there = stripe.fake.books.platform["usd"]
        (held,) = await stripe.rows(HELD_AT_STRIPE)
        await self.stripe.market.operator.post(
            f"/v1/deals/{deal_id}/resolve-release", {"bear_loss": True}
        )
        await stripe.work()
        if stripe.fake.books.platform["usd"] < min(there, held.minor):
            self.paid_by_others.append(deal_id)

    async def fail_refund(self) -> None:
        for refund in self.stripe.at_stripe("refund", self.deal):
            if refund["status"] == "succeeded":
                self.stripe.fake.payments.fail_refund(refund["id"])
                return

    async def spend(self) -> None:
        there = self.stripe.fake.books.accounts[self.account]["usd"]
        self.stripe.fake.transfers.pay_out_account(self.account, there // 2, "usd")

    async def restrict(self) -> None:
        self.stripe.fake.accounts.restrict(self.account)

    async def enable(self) -> None:
        self.stripe.fake.accounts.onboard(self.account)

    async def send_again(self) -> None:
        await self.stripe.market.operator.post("/v1/stripe-payouts", {"currency": "USD"})

    async def break_calls(self) -> None:
        self.stripe.fake.faults.plan(*(self.dice.choice(FAULTS) for _ in range(3)))

    async def work(self) -> None:
        await self.stripe.courier.deliver(dice=self.dice, copies=2)
        await self.stripe.work()

    @property
    def anything(self) -> list[Callable[[], Awaitable[Any]]]:
        return [
            self.begin_deal, self.begin_deal, self.pay, self.pay, self.settle_debit,
            self.change_provider, self.pay_by_bank, self.move, self.move, self.move, self.deliver,
            self.deliver, self.deliver, self.reverse, self.reverse, self.charge_back, self.decide,
            self.decide, self.fail_refund, self.spend, self.restrict, self.enable, self.enable,
            self.send_again, self.break_calls, self.work, self.work, self.work,
            self.lose_and_release, self.lose_and_release,
        ]  # fmt: skip


async def _everything_is_somewhere(stripe: StripeWorld, accounts: list[str]) -> None:
    """What payees got and are owed is what the deals say; more they never got."""
    await stripe.require_agreement()
    (due,) = await stripe.rows(
        """
        SELECT coalesce(sum(CASE WHEN state = 'reversed' THEN 0
                                 ELSE released_minor - commission_minor END), 0) AS minor FROM deal
        """
    )
    got = sum(stripe.fake.books.accounts[account]["usd"] for account in accounts)
    (sent,) = await stripe.rows(
        """
        SELECT coalesce(sum(amount_minor - reversed_minor), 0) AS minor FROM payout
        WHERE method = 'stripe' AND state NOT IN ('cancelled', 'returned')
        """
    )
    sellers = await stripe.rows(
        """
        SELECT coalesce(sum(balance_minor), 0) AS minor FROM ledger_account
        WHERE address IN (SELECT DISTINCT 'payable:organisation:' || seller_organisation_id
                          FROM deal)
        """
    )
    assert sent.minor + sellers[0].minor == due.minor
    assert got <= sent.minor
    for payment in await stripe.rows("SELECT * FROM online_payment"):
        assert payment.refunded_minor <= payment.amount_minor
        assert payment.transferred_minor <= payment.amount_minor


async def test_every_amount_is_somewhere_once(own_stripe: StripeWorld) -> None:
    stripe, accounts = own_stripe, []
    for seed in SEEDS:
        dice = Random(seed)  # noqa: S311 - a walk to repeat, not a secret
        walk = Walk(await stripe.with_new_market(), dice)
        walk.account = await walk.stripe.onboard(walk.stripe.market.seller)
        accounts.append(walk.account)
        for _ in range(4):
            await walk.funded_deal()
        for _ in range(STEPS):
            with suppress(Refusal, AssertionError):  # not everything is possible at any time
                await dice.choice(walk.anything)()
        stripe.fake.faults.waiting.clear()
        walk.stripe.fake.accounts.onboard(walk.account)
        for _ in range(3):
            await walk.stripe.pass_time(minutes=70)
        assert await stripe.rows("SELECT * FROM provider_errand") == []
        assert walk.paid_by_others == []
        await _everything_is_somewhere(stripe, accounts)
    assert await stripe.rows("SELECT * FROM event_failure") == []
    assert {
        (row.method, row.state) for row in await stripe.rows("SELECT method, state FROM payout")
    } >= {("stripe", "confirmed"), ("stripe_refund", "confirmed")}
    assert await stripe.rows("SELECT * FROM transfer_reversal WHERE reversed_minor > 0")
    assert await stripe.rows("SELECT * FROM chargeback WHERE state IN ('won', 'lost')")
