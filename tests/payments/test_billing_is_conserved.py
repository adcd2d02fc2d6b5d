"""Whatever happens to deals, conversions, invoices and taxes paid: no minor unit is lost or made.

The same walk as of the money alone, with billing between its steps: fees are invoiced and credited,
what payees are owed is converted, taxes are paid to states, and the bank exchanges money.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from marketplace.deals.invoicing import FEE_MOVING, on_fee_moved
from marketplace.deals.lifecycle import BUYER, OPERATOR, SELLER
from marketplace.kernel.events import Fact
from marketplace.kernel.money import Money, major_text
from marketplace.payments.conversions import exchanging, service
from marketplace.payments.currencies.ecb import Rate
from marketplace.payments.currencies.service import store_rates
from marketplace.payments.invoices.verify import checks
from marketplace.payments.ledger.verify import run_checks
from marketplace.payments.remittances.schemas import Remit
from marketplace.payments.remittances.service import remit
from tests.factories.bank import bank_account
from tests.factories.deals import Market, ok
from tests.factories.world import World
from tests.payments import test_money_is_conserved as money
from tests.payments.test_money_is_conserved import Ground, Operation, Play, actor_of
from tests.payments.test_parts_are_conserved import special_deal

EXAMPLES: Final = 5
STEPS: Final = 90
BILLING: Final = 0.5
DAY: Final = date(2026, 1, 5)
RATES: Final = (
    Rate(DAY, "KRW", Decimal("1623.45")),
    Rate(DAY, "USD", Decimal("1.0876")),
)
SPECIAL: Final[tuple[dict[str, Any], ...]] = (
    {"parts": (), "taxed": True, "shared": True},
    {"parts": (700_000, 503_000), "taxed": True, "shared": True},
)
PERIOD: Final = {"period_from": DAY, "period_until": date(2026, 2, 1)}


async def issue(play: Play) -> None:
    """Tell the consumer any of the news again and again; it issues what is missing."""
    rows = await play.rows("SELECT * FROM event WHERE type = ANY (:types)", types=list(FEE_MOVING))
    if rows:
        row = rows[play.number % len(rows)]
        told = {name: row._mapping[name] for name in ("type", "subject", "actor", "data")}
        fact = Fact(0, row.sequence, recorded_at=row.recorded_at, **told)
        async with play.sessions.begin() as session:
            await on_fee_moved(session, fact)


async def quote(play: Play) -> None:
    """Quote and confirm a part of a balance, sometimes one more than all of it."""
    role, currency = (SELLER, BUYER)[play.number % 2], ("KRW", "USD")[play.number // 2 % 2]
    actor, into = play.actors[role], "USD" if currency == "KRW" else "KRW"
    (row,) = await play.rows(
        "SELECT coalesce(sum(balance_minor), 0) AS minor FROM ledger_account"
        " WHERE address = :address AND currency = :currency",
        address=f"payable:organisation:{actor.organisation_id}",
        currency=currency,
    )
    amount = max(1, int(row.minor) // (1 + play.number % 3) + (play.number % 17 == 0))
    async with play.sessions.begin() as session:
        made = await service.quote(session, Money(amount, currency), into, on=DAY, actor=actor)
        await service.confirm(session, made.id, actor=actor)


async def convert(play: Play) -> None:
    """An operator converts what was confirmed; or presses twice, or too late."""
    made = await play.pick("SELECT id FROM conversion ORDER BY state <> 'confirmed', id")
    if made:
        async with play.sessions.begin() as session:
            await service.convert(session, made.id, actor=play.actors[OPERATOR])


async def tax_debit(play: Play) -> None:
    """The bank paid about what is owed, sometimes one more."""
    tax = ("vat", "withholding")[play.number % 2]
    (row,) = await play.rows(
        "SELECT coalesce(sum(balance_minor), 0) AS minor FROM ledger_account"
        " WHERE currency = 'KRW' AND address LIKE ANY (:addresses)",
        addresses=[f"tax:{tax}:%", f"tax:remitted:{tax}:%"],
    )
    amount = int(row.minor) // (1 + play.number % 2) + (play.number % 7 == 0)
    if amount > 0:
        await play.bank(f"debit,{amount},KRW,{tax},,")


async def pay_tax(play: Play) -> None:
    entry = await play.pick(_DEBITS, words=["vat", "withholding"])
    if entry:
        asked = Remit(tax=entry.remittance, jurisdiction="KR", reference="0126-2611", **PERIOD)
        async with play.sessions.begin() as session:
            await remit(session, entry.id, asked, actor=play.actors[OPERATOR])


async def bank_exchange(play: Play) -> None:
    """The platform buys a currency at its bank: two entries of its statement."""
    amount = 1 + play.number % 9_999
    await play.bank(f"debit,{major_text(amount, 'KRW')},KRW,exchange,,")
    await play.bank(f"credit,{major_text(amount, 'USD')},USD,exchange,,")


async def exchange(play: Play) -> None:
    entry = await play.pick(_DEBITS, words=["exchange"])
    if entry:
        other = "USD" if entry.currency == "KRW" else "KRW"
        async with play.sessions.begin() as session:
            actor = play.actors[OPERATOR]
            await exchanging.exchange_entry(session, entry.id, other, actor=actor)


_DEBITS: Final = """
    SELECT id, remittance, currency FROM bank_entry
    WHERE state = 'queued' AND remittance = ANY (:words) ORDER BY id DESC LIMIT 2
"""
OPERATIONS: Final[Mapping[Operation, int]] = {
    issue: 6,
    quote: 4,
    convert: 4,
    tax_debit: 6,
    pay_tax: 6,
    bank_exchange: 1,
    exchange: 2,
}

_SUMS: Final = """
    SELECT c.currency,
        (SELECT coalesce(sum(balance_minor), 0) FROM ledger_account a WHERE a.currency = c.currency
            AND split_part(address, ':', 1) IN
                ('payable', 'commission', 'tax', 'held', 'transit', 'unallocated')) AS inside,
        (SELECT coalesce(sum(CASE direction WHEN 'credit' THEN amount_minor ELSE -amount_minor END),
                0) FROM bank_entry b WHERE b.currency = c.currency
            AND state NOT IN ('received', 'expensed', 'exchanged')
            AND NOT (state = 'queued' AND direction = 'debit')) AS came,
        (SELECT coalesce(sum(CASE c.currency WHEN to_currency THEN to_minor
                WHEN from_currency THEN -from_minor ELSE 0 END), 0)
            FROM conversion WHERE state = 'converted') AS converted
    FROM (VALUES ('KRW'), ('USD')) AS c (currency)
"""
_HAPPENED: Final = """
    SELECT kind AS what FROM invoice UNION ALL SELECT tax FROM tax_remittance
    UNION ALL SELECT state FROM conversion
    UNION ALL SELECT state FROM bank_entry WHERE state = 'exchanged'
"""
SEEN: Final = set[str]()
"""What has happened in any of the walks: one in which nothing does would prove nothing."""
_CREDITED: Final = """
    SELECT i.subject, i.organisation_id, i.currency,
        sum(CASE kind WHEN 'invoice' THEN net_minor ELSE -net_minor END) AS net,
        sum(CASE kind WHEN 'invoice' THEN vat_minor ELSE -vat_minor END) AS vat
    FROM invoice i GROUP BY 1, 2, 3
"""


async def require_billing_is_whole(play: Play) -> None:
    """What came is inside, whatever was converted; every fee is invoiced as the ledger has it."""
    told = await play.rows("SELECT 1 FROM event WHERE type = ANY (:types)", types=list(FEE_MOVING))
    for number in range(len(told)):
        await issue(replace(play, number=number))
    SEEN.update(row.what for row in await play.rows(_HAPPENED))
    async with play.sessions() as session:
        strict = checks("invoices", ("nothing is waited for",))
        broken = [check for check in await run_checks(session, dict(strict)) if check.problems]
    assert broken == []
    for sums in await play.rows(_SUMS):
        assert sums.inside == sums.came + sums.converted, sums.currency
    for row in await play.rows(_CREDITED):
        assert row.net >= 0
        assert row.vat >= 0
    for deal in await play.rows("SELECT * FROM deal WHERE state = 'reversed'"):
        rows = await play.rows(
            "SELECT sum(CASE kind WHEN 'invoice' THEN gross_minor ELSE -gross_minor END) AS minor"
            " FROM invoice WHERE subject = :subject",
            subject=f"deal:{deal.id}",
        )
        assert not rows[0].minor


@dataclass
class BillingGround(Ground):
    """Deals in two currencies, shared, taxed and in parts, with billing between their steps."""

    async def _play(self, dice: Random) -> None:
        plain = money.choose

        async def choose(play: Play, dice: Random) -> Operation:
            if dice.random() < BILLING:
                return dice.choices(list(OPERATIONS), list(OPERATIONS.values()))[0]
            return await plain(play, dice)

        money.choose = choose
        try:
            await super()._play(dice)
        finally:
            money.choose = plain


@pytest.fixture
async def ground(world: World) -> AsyncIterator[Ground]:
    market = await Market.open(world)
    deals = [UUID(await money._signed(market, 100_01, "USD", 333))]
    deals += [UUID(await special_deal(market, **one)) for one in SPECIAL]
    for party in (market.seller, market.buyer):
        await ok(await party.put("/v1/payee-account", bank_account()))
    async with world.sessions.begin() as session:
        assert await store_rates(session, RATES) == len(RATES)
    roles = {BUYER: market.buyer, SELLER: market.seller, OPERATOR: market.operator}
    actors = {role: actor_of(who, role) for role, who in roles.items()}
    async with world.engine.connect() as connection:
        yield BillingGround(world, connection, actors, deals, require_billing_is_whole, STEPS)
    wanted = {"invoice", "credit_note", "converted", "confirmed", "vat", "withholding", "exchanged"}
    assert wanted <= SEEN


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**64 - 1))
async def test_billing_is_conserved(ground: Ground, seed: int) -> None:
    await ground.play(Random(seed))  # noqa: S311 - a walk to repeat, not a secret
