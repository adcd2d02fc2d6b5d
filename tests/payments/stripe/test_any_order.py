"""Every order of an intent's events, each twice, with crashes after every step: one ledger.

Each event shows the intent as it was when the event was made, and a look at Stripe shows no more
than that, as a replica that lags behind would: so news of a failure comes after the success.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.asyncio import async_sessionmaker as make_sessions

from marketplace.kernel.clock import ShiftedClock
from marketplace.payments.errands.desk import Desk
from marketplace.payments.errands.models import ErrandKind
from marketplace.payments.errands.service import LEASE, run_errands
from marketplace.payments.inbox.service import handle_events, store
from marketplace.payments.providers.stripe.webhooks import Envelope
from marketplace.wiring import ERRANDS
from tests.conftest import ConnectionWrites
from tests.factories.stripe import PRICE_MINOR, StripeWorld
from tests.fakes.stripe.books import Body
from tests.fakes.stripe.webhooks import signed

STEPS = 12
"""Three for each event: it is stored, its errand begins, and what the errand did is committed."""
CRASHES = 2
"""How many of the steps each order is tried with; together the orders have every step in turn."""


class Killed(BaseException):
    """The worker dies, and has no time to put anything right."""


@dataclass
class Crash:
    """Dies once, after so many steps."""

    after: int

    def step(self) -> None:
        self.after -= 1
        if self.after == 0:
            raise Killed


def dying(crash: Crash) -> dict[ErrandKind, Callable[[Desk, str], Awaitable[None]]]:
    """The errands, with a step before each and one after, when what it did is committed."""

    def wrapped(
        run: Callable[[Desk, str], Awaitable[None]],
    ) -> Callable[[Desk, str], Awaitable[None]]:
        async def errand(desk: Desk, target: str) -> None:
            crash.step()
            await run(desk, target)
            crash.step()

        return errand

    return {kind: wrapped(run) for kind, run in ERRANDS.items()}


@dataclass
class Play:
    """One order of events in a transaction that is thrown away."""

    connection: AsyncConnection
    desk: Desk
    clock: ShiftedClock
    writes: Any

    async def deliver(self, event: Body, crash: Crash) -> None:
        body, _ = signed(event, "whsec")
        envelope = Envelope(event["id"], event["type"])
        at = self.clock.now()
        for _ in range(2):
            await store(self.writes, self.desk.keyring, envelope, body, at=at)
        try:
            crash.step()
            await self._work(crash)
        except Killed:
            self.clock.offset += LEASE * 2
            await self._work(crash)

    async def _work(self, crash: Crash) -> None:
        errands = dying(crash)
        while await handle_events(self.desk.sessions, self.desk.keyring) + await run_errands(
            self.desk, errands
        ):
            pass

    async def books(self, subject: str) -> list[Any]:
        """Everything about the money of a subject, and what it made of the payment."""
        query = text(
            """
            SELECT key || kind || source || destination || amount_minor FROM ledger_transaction t
            JOIN ledger_posting p ON p.transaction_id = t.id WHERE subject = :subject
            UNION ALL SELECT state || received_minor FROM payment_request WHERE subject = :subject
            UNION ALL SELECT state || provider_status FROM online_payment WHERE subject = :subject
            ORDER BY 1
            """
        )
        return list((await self.connection.execute(query, {"subject": subject})).scalars())


@asynccontextmanager
async def thrown_away(stripe: StripeWorld) -> AsyncIterator[Play]:
    offset = stripe.world.clock.offset
    async with stripe.world.engine.connect() as connection:
        outer = await connection.begin()
        sessions = make_sessions(
            connection,
            expire_on_commit=False,
            join_transaction_mode="create_savepoint",
            info={"clock": stripe.world.clock},
        )
        raw = await connection.get_raw_connection()
        writes = ConnectionWrites(raw.driver_connection)
        desk = replace(stripe.desk, sessions=sessions)
        yield Play(connection, desk, stripe.world.clock, writes)
        await outer.rollback()
    stripe.world.clock.offset = offset


async def _events(stripe: StripeWorld, deal_id: str) -> list[Body]:
    """Of an intent that was refused, had to be authenticated, and was paid."""
    await stripe.choose(deal_id)
    intent = await stripe.intent_of(deal_id)
    await stripe.pay(deal_id, "pm_card_authenticationRequired")
    stripe.fake.payments.authenticate(intent["id"], ok=False)
    await stripe.pay(deal_id)
    new = stripe.fake.books.events[stripe.courier.told :]
    stripe.courier.told = len(stripe.fake.books.events)
    return new


async def test_all_orders_and_crashes_end_in_one_ledger(stripe: StripeWorld) -> None:
    deal_id = await stripe.signed_deal()
    subject = f"deal:{deal_id}"
    events = await _events(stripe, deal_id)
    assert [event["type"] for event in events] == [
        "payment_intent.requires_action",
        "payment_intent.payment_failed",
        "charge.succeeded",
        "payment_intent.succeeded",
    ]
    ends = set()
    try:
        for number, order in enumerate(permutations(events)):
            for crash_after in range(number, number + STEPS, STEPS // CRASHES):
                async with thrown_away(stripe) as play:
                    crash = Crash(crash_after % STEPS + 1)
                    for event in order:
                        stripe.fake.show_by(_as_of(event))
                        await play.deliver(event, crash)
                    ends.add(tuple(await play.books(subject)))
    finally:
        stripe.fake.show_by(dict)
    (end,) = ends
    assert f"paid{PRICE_MINOR}" in end
    assert "heldsucceeded" in end
    assert sum("fund" in line for line in end) == 1
    await stripe.work()


def _as_of(event: Body) -> Callable[[Body], Body]:
    """Objects as an event shows them, where it shows them."""
    shown = event["data"]["object"]
    return lambda body: dict(shown if shown["id"] == body.get("id") else body)
