"""Any sequence of payments, decisions and payouts: nobody gets more or less than is due.

Four signed deals stand in a database of their own; each example plays on them inside a transaction
that is thrown away, through the services that the API, the worker and the clock call.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from random import Random
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker

from marketplace.accounts.actors import Actor
from marketplace.accounts.permissions import MemberRole
from marketplace.deals import settling, signing, transferring
from marketplace.deals.lifecycle import ASKED_AS, BUYER, DEAL, OPERATOR, SELLER, THAWS, DealState
from marketplace.deals.models import Deal
from marketplace.deals.parts import service as parts
from marketplace.deals.parts.queries import parts_of
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import Sessions, lock
from marketplace.kernel.errors import MarketplaceError
from marketplace.kernel.lifecycle import CLOCK, SYSTEM
from marketplace.kernel.money import major_text, share_of
from marketplace.kernel.problems import translate
from marketplace.payments.funding import queue
from marketplace.payments.funding.matching import match_received
from marketplace.payments.funding.service import is_paid
from marketplace.payments.funding.statements import import_statement
from marketplace.payments.ledger.verify import run_checks
from marketplace.payments.payouts import service as payouts
from marketplace.payments.payouts.models import Payout
from marketplace.payments.providers.bank.bank_account import BankAccount
from marketplace.wiring import CONSTRAINT_ERRORS, PROOFS
from tests.factories.bank import bank_account, books
from tests.factories.deals import Market, list_right, ok, sign
from tests.factories.people import Person
from tests.factories.world import World

TERMS: Final = ((1_000_003, "KRW", 500), (999, "KRW", 500), (100_01, "USD", 333), (1, "KRW", 333))
"""Price in minor units, currency and commission in basis points of each deal."""

EXAMPLES: Final = 8
STEPS: Final = 50
REFUSED: Final = 0.06
NOT_PLAYED: Final = {
    *("amend", "sign", "countersign", "name_payees", "name_brokers", "plan_parts", "settle"),
    *("set_terms", "take", "take_effect"),
    *THAWS.values(),
}
"""Moves before the signature, those that only follow from others, and those of a licence."""
OURS: Final = BankAccount(**bank_account("000-000-000000"))
ELSEWHERE: Final = BankAccount(**bank_account("555-666-777777"))


@dataclass
class Play:
    """One example: its sessions, who acts, and the deal and number of one step."""

    sessions: Sessions
    keyring: Keyring
    actors: dict[str, Actor]
    deal_id: UUID
    number: int

    async def rows(self, query: str, **values: Any) -> Any:
        async with self.sessions() as session:
            return (await session.execute(text(query), values)).all()

    async def pick(self, query: str, **values: Any) -> Any:
        """One of the rows that a query finds, by the number of this step; None of none."""
        found = await self.rows(query, **values)
        return found[self.number % len(found)] if found else None

    async def bank(self, line: str) -> None:
        header = "entry_id,booked_on,direction,amount,currency,remittance,end_to_end_id,status"
        content = f"{header}\n{uuid4().hex},2026-01-05,{line}".encode()
        async with self.sessions.begin() as session:
            await import_statement(session, content, OURS, actor=self.actors[OPERATOR])
        await match_received(self.sessions)


Operation = Callable[[Play], Awaitable[None]]

_REQUEST: Final = """
    SELECT reference, amount_minor, received_minor, currency FROM payment_request
    WHERE subject = 'deal:' || CAST(:deal_id AS uuid) OR subject IN (
        SELECT 'deal_part:' || id FROM deal_part WHERE deal_id = :deal_id)
    ORDER BY state <> 'open', amount_minor
"""
_QUEUED: Final = "SELECT id FROM bank_entry WHERE state = 'queued' ORDER BY external_id"
_PAYOUTS: Final = """
    SELECT id, end_to_end_id, amount_minor, currency, batch_id FROM payout
    WHERE state = :state ORDER BY amount_minor, end_to_end_id
"""


async def pay(play: Play) -> None:
    """Exactly what is due, twice as likely as a part, too much, or a note without a reference."""
    request = (await play.rows(_REQUEST, deal_id=play.deal_id))[0]
    due = request.amount_minor - request.received_minor or request.amount_minor
    amounts = (due, due, due // 2 or 1, due + 7, due)
    choice = play.number % len(amounts)
    amount = major_text(amounts[choice], request.currency)
    note = "no reference" if choice == len(amounts) - 1 else request.reference
    await play.bank(f"credit,{amount},{request.currency},{note},,")


async def apply(play: Play) -> None:
    entry = await play.pick(_QUEUED)
    request = (await play.rows(_REQUEST, deal_id=play.deal_id))[0]
    if entry:
        async with play.sessions.begin() as session:
            actor = play.actors[OPERATOR]
            await queue.apply_entry(session, entry.id, request.reference, actor=actor)


async def refund_entry(play: Play) -> None:
    entry = await play.pick(_QUEUED)
    if entry:
        async with play.sessions.begin() as session:
            actor = play.actors[OPERATOR]
            await queue.refund_entry(session, play.keyring, entry.id, ELSEWHERE, actor=actor)


async def create_batch(play: Play) -> None:
    async with play.sessions.begin() as session:
        actor, currency = play.actors[OPERATOR], ("KRW", "USD")[play.number % 2]
        await payouts.create_batch(session, play.keyring, currency, actor=actor)


async def send_batch(play: Play) -> None:
    batch = await play.pick("SELECT id FROM payout_batch ORDER BY message_id")
    if batch:
        async with play.sessions.begin() as session:
            actor, day = play.actors[OPERATOR], date(2026, 1, 6)
            await payouts.send_batch(session, batch.id, debtor=OURS, execute_on=day, actor=actor)


def on_payout(
    state: str, make: Callable[[AsyncSession, Payout, Actor], Awaitable[None]]
) -> Operation:
    async def operation(play: Play) -> None:
        row = await play.pick(_PAYOUTS, state=state)
        if row:
            async with play.sessions.begin() as session:
                payout = await lock(session, Payout, row.id)
                await make(session, payout, play.actors[OPERATOR])

    return operation


async def _cancel_payout(session: AsyncSession, payout: Payout, actor: Actor) -> None:
    await payouts.cancel_payout(session, payout, role=OPERATOR, actor=actor)


async def _refuse_payout(session: AsyncSession, payout: Payout, actor: Actor) -> None:
    await payouts.refuse_payout(session, payout, "no such account", actor=actor)


async def _finish_payout(session: AsyncSession, payout: Payout, actor: Actor) -> None:
    await payouts.finish_payout(session, payout, role=OPERATOR, actor=actor)


def on_statement(state: str, direction: str, status: str, off_by: int = 0) -> Operation:
    """What the bank says about a payout in a state."""

    async def operation(play: Play) -> None:
        row = await play.pick(_PAYOUTS, state=state)
        if row:
            amount = major_text(row.amount_minor + off_by, row.currency)
            await play.bank(f"{direction},{amount},{row.currency},,{row.end_to_end_id},{status}")

    return operation


MONEY: Final[Mapping[Operation, int]] = {
    apply: 2,
    refund_entry: 1,
    create_batch: 2,
    send_batch: 3,
    on_payout("prepared", _cancel_payout): 1,
    on_payout("sent", _refuse_payout): 1,
    on_payout("confirmed", _finish_payout): 1,
    on_statement("sent", "debit", ""): 4,
    on_statement("sent", "debit", "", off_by=1): 1,
    on_statement("sent", "credit", "RETURNED"): 1,
    on_statement("confirmed", "credit", "RETURNED"): 1,
}
"""What may happen at any time, and how often."""


def on_deal(name: str, role: str) -> Operation:
    """A move of the deal by a role, as the API makes it."""

    async def operation(play: Play) -> None:
        async with play.sessions.begin() as session:
            deal = await lock(session, Deal, play.deal_id)
            await _move(session, play, deal, name, role)

    return operation


async def _move(session: AsyncSession, play: Play, deal: Deal, name: str, role: str) -> None:
    actor = play.actors.get(role, play.actors[OPERATOR])
    if name == "fund":
        await _fund(session, deal)
    elif name == "dispute":
        await settling.dispute(session, deal.id, "wrong", actor=actor)
    elif name == "resolve_split":
        left = await parts.held_of_parts(session, deal) if deal.in_parts else deal.price_minor
        part = 1 + play.number % max(left - 1, 1)
        await settling.resolve_split(session, deal, part, role=role, actor=actor)
    elif name in {"file_transfer", "waive_recordal", "confirm_waiver"}:
        await getattr(transferring, name)(session, deal.id, actor=actor)
    elif name in {"record", "reject_recordal"}:
        await getattr(transferring, name)(session, deal.id, "extract", actor=actor)
    elif name == "refund_released":
        amount = 1 + play.number % max(deal.released_minor - deal.returned_minor, 1)
        await settling.refund_released(session, deal, amount, role=role, actor=actor)
    elif name == "cancel":
        await signing.cancel(session, deal, role=role, actor=actor)
    else:
        use_case = getattr(settling, ASKED_AS.get(name, name))
        await use_case(session, deal, role=role, actor=actor)


def on_part(name: str, role: str) -> Operation:
    """A move of a part of the deal by a role, as the API or the clock makes it."""

    async def operation(play: Play) -> None:
        query = "SELECT number FROM deal_part WHERE deal_id = :deal_id ORDER BY number"
        row = await play.pick(query, deal_id=play.deal_id)
        if row:
            async with play.sessions.begin() as session:
                actor = play.actors.get(role, play.actors[OPERATOR])
                own = play.actors[OPERATOR]
                deal, part, _ = await parts.lock_part(session, play.deal_id, row.number, own)
                await getattr(parts, name)(session, deal, part, role=role, actor=actor)

    return operation


HEAR: Final = on_deal("fund", SYSTEM)
PART_MOVES: Final = {
    on_part("request", CLOCK): 3,
    on_part("request", BUYER): 3,
    on_part("confirm_milestone", BUYER): 3,
    on_part("lapse", CLOCK): 2,
    on_part("release", BUYER): 5,
    on_part("refund", SELLER): 2,
    on_part("forgo", SELLER): 2,
}
"""What may happen to a part at any time, and how often it is tried."""


async def _fund(session: AsyncSession, deal: Deal) -> None:
    """What the news of a payment does."""
    for part in await parts_of(session, deal):
        if await is_paid(session, part.subject):
            await parts.hold(session, part.id)
    if await is_paid(session, deal.subject):
        await transferring.fund(session, deal.id)


OFTEN: Final = {
    "fund": 40,
    "file_transfer": 30,
    "record": 30,
    "release": 30,
    "dispute": 6,
    "resolve_release": 8,
    "resolve_refund": 8,
    "resolve_split": 16,
    "reverse": 8,
    "refund_released": 10,
    "release_parts": 30,
    "resolve_release_parts": 8,
    "unwind": 3,
}
PLAYED: Final = [
    (move.sources, on_deal(move.name, min(people)), OFTEN.get(move.name, 1))
    for move in DEAL.table
    if (people := move.by & {BUYER, SELLER, OPERATOR, SYSTEM}) and move.name not in NOT_PLAYED
]
"""The moves of a deal after its signing, and how often they are made where they are allowed."""


async def choose(play: Play, dice: Random) -> Operation:
    """Mostly a move that the deal's state allows, often money, sometimes what is refused."""
    if dice.random() < REFUSED:
        return dice.choice(PLAYED)[1]
    query = "SELECT state, in_parts FROM deal WHERE id = :id"
    ((state, in_parts),) = await play.rows(query, id=play.deal_id)
    options = {**MONEY, pay: 30 if state == DealState.SIGNED else 1}
    if in_parts:
        options |= {**PART_MOVES, pay: 15, HEAR: 20}
    options |= {move: often for sources, move, often in PLAYED if DealState(state) in sources}
    (chosen,) = dice.choices(list(options), list(options.values()))
    return chosen


async def step(play: Play, operation: Operation) -> None:
    """Do what was chosen; a refusal is one that callers know, and it changes nothing."""
    async with play.sessions() as session:
        before = await books(session)
    try:
        await operation(play)
    except MarketplaceError:
        refused = True
    except DBAPIError as error:
        translate(error, CONSTRAINT_ERRORS)
        refused = True
    else:
        refused = False
    if refused:
        async with play.sessions() as session:
            assert await books(session) == before


_GOT: Final = """
    SELECT o.id AS organisation_id, c.currency,
        coalesce((SELECT balance_minor FROM ledger_account a WHERE a.currency = c.currency
            AND a.address = 'payable:organisation:' || o.id), 0)
        + coalesce((SELECT sum(amount_minor) FROM payout p WHERE p.organisation_id = o.id
            AND p.currency = c.currency
            AND p.state IN ('prepared', 'sent', 'confirmed', 'final')), 0) AS got
    FROM organisation o, (VALUES ('KRW'), ('USD')) AS c (currency)
    WHERE o.id IN (:seller, :buyer)
"""
_DEALS: Final = """
    SELECT d.*, r.state AS request_state, r.amount_minor, r.received_minor
    FROM deal d JOIN payment_request r ON r.subject = 'deal:' || d.id
"""
_USED: Final = """
    SELECT currency, sum(amount_minor) AS total FROM bank_entry
    WHERE direction = 'credit' AND NOT reversal AND state IN ('matched', 'applied')
    GROUP BY currency
"""
_COMMISSION: Final = """
    SELECT currency, sum(balance_minor) AS total FROM ledger_account
    WHERE address LIKE 'commission:%' GROUP BY currency
"""


async def require_everybody_has_what_is_due(play: Play) -> None:
    deals = await play.rows(_DEALS)
    seller, buyer = (play.actors[role].organisation_id for role in (SELLER, BUYER))
    got = {
        (row.organisation_id, row.currency): row.got
        for row in await play.rows(_GOT, seller=seller, buyer=buyer)
    }
    used = {row.currency: row.total for row in await play.rows(_USED)}
    commission = {row.currency: row.total for row in await play.rows(_COMMISSION)}
    for currency in ("KRW", "USD"):
        own = [deal for deal in deals if deal.currency == currency]
        kept = [deal for deal in own if deal.state == "settled"]
        fees = commission.get(currency, 0)
        released = sum(deal.released_minor - deal.returned_minor for deal in kept)
        assert got[seller, currency] + fees == released
        assert fees <= sum(deal.commission_minor for deal in kept)
        if not any(deal.returned_minor for deal in kept):
            assert fees == sum(deal.commission_minor for deal in kept)
        excess = used.get(currency, 0) - sum(deal.received_minor for deal in own)
        assert got[buyer, currency] == excess + sum(_given_back(deal) for deal in own)
    for deal in deals:
        _require_status_says_the_sums(deal)


def _given_back(deal: Any) -> int:
    if deal.state == "cancelled":
        return int(deal.received_minor)
    return int(deal.refunded_minor + deal.returned_minor)


def _require_status_says_the_sums(deal: Any) -> None:
    assert (deal.request_state == "paid") == (deal.received_minor == deal.amount_minor)
    ended = deal.state in {"settled", "refunded", "reversed"}
    assert deal.released_minor + deal.refunded_minor == (deal.price_minor if ended else 0)
    assert (deal.released_minor > 0) == (deal.state in {"settled", "reversed"})
    rate = deal.commission_basis_points
    assert deal.commission_minor == share_of(deal.released_minor, rate)
    assert ended <= (deal.request_state == "paid")


@dataclass
class Ground:
    """Signed deals under two commissions, between a seller and a buyer with bank accounts."""

    world: World
    connection: AsyncConnection
    actors: dict[str, Actor]
    deals: list[UUID]
    require_due: Operation
    steps: int = STEPS

    @classmethod
    async def lay(cls, world: World, connection: AsyncConnection) -> "Ground":
        market = await Market.open(world)
        deals = [UUID(await _signed(market, *terms)) for terms in TERMS]
        for party in (market.seller, market.buyer):
            await ok(await party.put("/v1/payee-account", bank_account()))
        roles = {BUYER: market.buyer, SELLER: market.seller, OPERATOR: market.operator}
        actors = {role: actor_of(who, role) for role, who in roles.items()}
        return cls(world, connection, actors, deals, require_everybody_has_what_is_due)

    async def play(self, dice: Random) -> None:
        outer = await self.connection.begin()
        try:
            await self._play(dice)
        finally:
            await outer.rollback()

    async def _play(self, dice: Random) -> None:
        sessions = async_sessionmaker(
            self.connection,
            expire_on_commit=False,
            join_transaction_mode="create_savepoint",
            info={"clock": self.world.clock},
        )
        play = Play(sessions, self.world.app.state.keyring, self.actors, self.deals[0], 0)
        deals = dice.sample(self.deals, 2)
        for _ in range(self.steps):
            play = replace(play, deal_id=dice.choice(deals), number=dice.randrange(10**6))
            await step(play, await choose(play, dice))
        async with sessions() as session:
            broken = [check for check in await run_checks(session, PROOFS) if check.problems]
        assert broken == []
        await self.require_due(play)


def actor_of(who: Person, role: str) -> Actor:
    member = MemberRole.OPERATOR if role == OPERATOR else MemberRole.OWNER
    return Actor.in_role(who.organisation_id, who.user_id, member)


async def _signed(market: Market, price_minor: int, currency: str, basis_points: int) -> str:
    policy = {"commission_basis_points": basis_points, "reason": "of this deal"}
    await ok(await market.operator.post("/v1/fee-policies", policy))
    price = {"amount_minor": price_minor, "currency": currency}
    asked = {"asking_price_minor": price_minor, "currency": currency}
    listing_id = await list_right(market.seller, **asked)
    made = await ok(await market.buyer.post(f"/v1/listings/{listing_id}/offers", {"price": price}))
    path = f"/v1/negotiations/{made['id']}/accept"
    deal = await ok(await market.seller.post(path, {"offer_number": 1}))
    await sign((market.seller, market.buyer), deal["id"])
    return str(deal["id"])


@pytest.fixture
async def ground(world: World) -> AsyncIterator[Ground]:
    async with world.engine.connect() as connection:
        yield await Ground.lay(world, connection)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**64 - 1))
async def test_nobody_gets_more_or_less_than_is_due(ground: Ground, seed: int) -> None:
    await ground.play(Random(seed))  # noqa: S311 - a walk to repeat, not a secret
