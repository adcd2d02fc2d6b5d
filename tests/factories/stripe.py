"""A world that pays through Stripe: the service, its worker, and a fake at the HTTP door."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Self

from pydantic import SecretStr
from sqlalchemy import text

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.clocks import run_all_due
from marketplace.kernel.events import deliver
from marketplace.payments.errands.desk import Desk
from marketplace.payments.errands.service import run_errands
from marketplace.payments.inbox.service import handle_events
from marketplace.payments.ledger.addresses import payable
from marketplace.payments.ledger.queries import balance_minor
from marketplace.payments.providers.stripe.client import StripeClient
from marketplace.settings import Settings
from marketplace.wiring import CLOCKS, CONSUMERS, ERRANDS
from tests.factories.deals import Market, list_right, ok, sign
from tests.factories.people import Person, operator, person
from tests.factories.world import World
from tests.fakes.stripe.books import Body
from tests.fakes.stripe.server import StripeFake, serving
from tests.fakes.stripe.webhooks import Courier, signed

SECRET = "whsec_of_the_endpoint"
KEY = "sk_test_of_the_platform"
PRICE_MINOR = 100_000


def with_stripe(settings: Settings, url: str) -> Settings:
    changed = {
        "stripe_api_key": SecretStr(KEY),
        "stripe_webhook_secrets": SecretStr(SECRET),
        "stripe_publishable_key": "pk_test_of_the_platform",
        "stripe_api_base": url,
        "stripe_country": "US",
        "stripe_currencies": "USD,EUR,KWD",
    }
    return settings.model_copy(update=changed)


@dataclass
class StripeWorld:
    """Deals in dollars between companies in the United States."""

    world: World
    fake: StripeFake
    desk: Desk
    courier: Courier
    market: Market
    entries: int = 0

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings, clock: ShiftedClock) -> AsyncIterator[Self]:
        fake = StripeFake(lambda: int(clock.now().timestamp()), KEY)
        async with serving(fake):
            world = await World.open(with_stripe(settings, fake.url), clock)
            client = StripeClient(SecretStr(KEY), base=fake.url)
            state = world.app.state
            desk = Desk(
                sessions=world.sessions,
                stripe=client,
                keyring=state.keyring,
                terms=state.stripe,
                return_url="https://market.test/onboarded",
            )

            async def post(body: bytes, headers: dict[str, str]) -> int:
                path = "/v1/webhooks/stripe"
                return (await world.client.post(path, content=body, headers=headers)).status_code

            market = await _market(world)
            try:
                yield cls(world, fake, desk, Courier(fake.books, SECRET, post), market)
            finally:
                await client.close()
                await world.close()
        assert not fake.errors, fake.errors

    async def with_new_market(self) -> "StripeWorld":
        """The same place with new people, and nothing on the way from before."""
        self.fake.faults.waiting.clear()
        await self.work()
        return replace(self, market=await _market(self.world))

    async def work(self) -> None:
        """What the worker would do, with the news of Stripe, until nothing is left to do."""
        while await self._work_once():
            pass

    async def _work_once(self) -> int:
        done = await self.courier.deliver()
        done += await handle_events(self.world.sessions, self.desk.keyring)
        done += await run_errands(self.desk, ERRANDS)
        done += await run_all_due(self.world.sessions, CLOCKS)
        for consumer in CONSUMERS:
            done += await deliver(self.world.sessions, consumer)
        return done

    async def pass_time(self, **period: float) -> None:
        self.world.clock.offset += timedelta(**period)
        await self.work()

    async def signed_deal(
        self,
        price_minor: int = PRICE_MINOR,
        *,
        seller: Person | None = None,
        currency: str = "USD",
    ) -> str:
        """A deal that waits for its payment."""
        seller = seller or self.market.seller
        price = {"amount_minor": price_minor, "currency": currency}
        asked: dict[str, Any] = {"asking_price_minor": price_minor, "currency": currency}
        listing_id = await list_right(seller, **asked)
        buyer = self.market.buyer
        made = await ok(await buyer.post(f"/v1/listings/{listing_id}/offers", {"price": price}))
        path = f"/v1/negotiations/{made['id']}/accept"
        deal = await ok(await seller.post(path, {"offer_number": 1}))
        await sign((seller, buyer), deal["id"])
        return str(deal["id"])

    async def deal(self, deal_id: str) -> dict[str, Any]:
        found: dict[str, Any] = await ok(await self.market.buyer.get(f"/v1/deals/{deal_id}"))
        return found

    async def request_of(self, deal_id: str) -> str:
        return str((await self.deal(deal_id))["payment"]["id"])

    async def choose(self, deal_id: str, provider: str = "stripe") -> dict[str, Any]:
        path = f"/v1/payment-requests/{await self.request_of(deal_id)}/provider"
        found: dict[str, Any] = await ok(await self.market.buyer.put(path, {"provider": provider}))
        await self.work()
        return found

    async def intent_of(self, deal_id: str) -> Body:
        """The newest intent of a deal, at Stripe."""
        of_deal = (
            one
            for one in self.fake.books.of_kind("payment_intent")
            if one["metadata"]["subject"] == f"deal:{deal_id}"
        )
        return next(of_deal)

    async def payments_of(self, deal_id: str) -> list[str]:
        """The states of a deal's online payments, oldest first."""
        query = "SELECT state FROM online_payment WHERE subject = :subject ORDER BY id"
        return [row.state for row in await self.rows(query, subject=f"deal:{deal_id}")]

    def at_stripe(self, kind: str, deal_id: str) -> list[Body]:
        """The charges, refunds, transfers or disputes of a deal at Stripe, oldest first."""
        group = f"deal:{deal_id}"
        books = self.fake.books
        intents = [
            one["id"] for one in books.of_kind("payment_intent") if one["transfer_group"] == group
        ]
        found = [
            one
            for one in books.of_kind(kind)
            if one.get("transfer_group") == group or one.get("payment_intent") in intents
        ]
        return found[::-1]

    async def pay(self, deal_id: str, method: str = "pm_card_visa") -> Body:
        """What the payer's browser does with the client secret."""
        intent = await self.intent_of(deal_id)
        return self.fake.payments.confirm(intent["id"], {"payment_method": method})

    async def pay_by_bank(self, deal_id: str) -> None:
        """The buyer's transfer of dollars is on the statement of the platform's bank."""
        payment = (await self.deal(deal_id))["payment"]
        price_minor, reference = payment["amount"]["amount_minor"], payment["reference"]
        self.entries += 1
        amount = f"{price_minor // 100}.{price_minor % 100:02}"
        line = f"entry {self.entries},2026-01-05,credit,{amount},USD,{reference}"
        header = "entry_id,booked_on,direction,amount,currency,remittance"
        content = f"{header}\n{line}".encode()
        await ok(await self.market.operator.upload("/v1/bank-statements", content))
        await self.world.work()

    async def funded_deal(self, price_minor: int = PRICE_MINOR, currency: str = "USD") -> str:
        deal_id = await self.signed_deal(price_minor, currency=currency)
        await self.choose(deal_id)
        await self.pay(deal_id)
        await self.work()
        assert (await self.deal(deal_id))["state"] == "funded"
        return deal_id

    async def deliver_right(self, deal_id: str) -> None:
        """The seller transfers the right, and the office records it."""
        market = self.market
        await ok(await market.seller.post(f"/v1/deals/{deal_id}/file-transfer"))
        evidence = {"evidence": "register extract"}
        await ok(await market.operator.post(f"/v1/deals/{deal_id}/record", evidence))

    async def settled_deal(self, price_minor: int = PRICE_MINOR, currency: str = "USD") -> str:
        deal_id = await self.funded_deal(price_minor, currency)
        await self.release(deal_id)
        return deal_id

    async def release(self, deal_id: str) -> None:
        """The right is transferred, and the buyer is content."""
        await self.deliver_right(deal_id)
        await ok(await self.market.buyer.post(f"/v1/deals/{deal_id}/release"))
        await self.work()

    async def operate(self, deal_id: str, move: str, body: Any = None) -> None:
        await ok(await self.market.operator.post(f"/v1/deals/{deal_id}/{move}", body))
        await self.work()

    async def onboard(self, who: Person) -> str:
        """Have somebody paid by Stripe; returns the id of their account there."""
        await ok(await who.post("/v1/connected-account"))
        await self.work()
        account = next(
            one
            for one in self.fake.books.of_kind("account")
            if one["metadata"].get("organisation") == str(who.organisation_id)
        )
        self.fake.accounts.onboard(account["id"])
        await ok(await who.put("/v1/payout-method", {"method": "stripe"}))
        await self.work()
        return str(account["id"])

    async def send(self, event: Body, **how: Any) -> Any:
        body, headers = signed(event, SECRET, **how)
        return await self.world.client.post("/v1/webhooks/stripe", content=body, headers=headers)

    async def balance(self, address: str, currency: str = "USD") -> int:
        async with self.world.sessions() as session:
            return await balance_minor(session, address, currency)

    async def owed(self, who: Person, currency: str = "USD") -> int:
        return await self.balance(payable(who.organisation_id), currency)

    async def stuck(self, who: Person) -> list[tuple[int, str, list[str]]]:
        """What is owed to somebody and does not leave, and why."""
        page = await ok(await self.market.operator.get("/v1/stuck-payables", limit=100))
        return [
            (one["amount"]["amount_minor"], one["waits_for"], one["failed_refunds"])
            for one in page["items"]
            if one["organisation_id"] == str(who.organisation_id)
        ]

    async def rows(self, query: str, **values: Any) -> list[Any]:
        async with self.world.sessions() as session:
            return list((await session.execute(text(query), values)).all())

    async def execute(self, statement: str, **values: Any) -> None:
        """Bring about what only the outside world can."""
        async with self.world.sessions.begin() as session:
            await session.execute(text(statement), values)

    async def require_agreement(self) -> None:
        """The books are whole, and say of the Stripe balance what Stripe says."""
        assert await self.world.proofs() == []
        for currency, amount in self.fake.books.platform.items():
            assert await self.balance("world:stripe", currency.upper()) == -amount


async def _market(world: World) -> Market:
    client, sessions = world.client, world.sessions
    market = Market(
        world,
        await person(client, sessions, name="Seller", region=None),
        await person(client, sessions, name="Buyer", region=None),
        await operator(client, sessions),
        await person(client, sessions, name="Stranger", region=None),
    )
    async with sessions.begin() as session:
        await session.execute(text("UPDATE organisation SET country = 'US' WHERE country = 'KR'"))
    return market
