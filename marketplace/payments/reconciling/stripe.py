"""Stripe's balance transactions against the ledger, movement by movement, and the sums.

A movement is booked under Stripe's own id of it, so each is compared with what it became. That the
ledger knows of a movement a moment later than Stripe does not matter: it is found by its id.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.db import Sessions, fetch
from marketplace.kernel.money import major_text
from marketplace.payments.providers.stripe.client import StripeClient
from marketplace.payments.providers.stripe.seen import Transaction
from marketplace.payments.providers.stripe.setup import stripe_client
from marketplace.payments.reconciling.service import Reconciled, day_of
from marketplace.settings import Settings

LATE: Final = timedelta(days=7)
"""How much later than Stripe the ledger may learn of a movement, for it to be told of here."""
_EFFECT: Final = """
    SELECT split_part(t.key, ':', 2) AS id, t.currency, sum(
        CASE 'world:stripe' WHEN p.source THEN p.amount_minor WHEN p.destination
        THEN -p.amount_minor ELSE 0 END)::bigint AS net_minor
    FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
"""
_BY_KEY: Final = text(f"{_EFFECT} WHERE t.key = ANY (CAST(:keys AS text[])) GROUP BY 1, 2")
_BY_TIME: Final = text(
    f"""
    {_EFFECT} WHERE t.key LIKE 'stripe:%' AND t.recorded_at >= :since AND t.recorded_at < :until
    GROUP BY 1, 2 ORDER BY 1
    """
)
_BALANCES: Final = text(
    "SELECT currency, -balance_minor AS balance_minor FROM ledger_account"
    " WHERE address = 'world:stripe' ORDER BY currency"
)

Booked = Mapping[str, tuple[int, str]]
"""What the ledger made of movements, by Stripe's id: net minor units and currency."""


async def reconcile(settings: Settings, sessions: Sessions, day: date) -> Reconciled:
    """List what differs between Stripe and the ledger in a day (UTC), and in the balances now."""
    since, until = day_of(day)
    async with stripe_client(settings) as stripe:
        around = await stripe.transactions(since - LATE, until)
        moved = [one for one in around if one.created_at >= since]
        async with sessions() as session:
            booked = await _booked(session, moved)
            recorded = await _recorded(session, since, until)
            balances = await fetch(session, _BALANCES)
        known = {one.id for one in around}
        differences = [
            *_compared(moved, booked),
            *_unknown(recorded, known),
            *await _balances(stripe, {row.currency: row.balance_minor for row in balances}),
        ]
    return Reconciled(len(moved), tuple(differences))


async def _booked(session: AsyncSession, moved: Sequence[Transaction]) -> Booked:
    keys = [f"stripe:{one.id}{suffix}" for one in moved for suffix in ("", ":fee")]
    return {
        row.id: (row.net_minor, row.currency) for row in await fetch(session, _BY_KEY, keys=keys)
    }


async def _recorded(session: AsyncSession, since: datetime, until: datetime) -> Booked:
    rows = await fetch(session, _BY_TIME, since=since, until=until)
    return {row.id: (row.net_minor, row.currency) for row in rows}


def _compared(moved: Sequence[Transaction], booked: Booked) -> Iterator[str]:
    for one in moved:
        theirs, ours = (one.net_minor, one.currency), booked.get(one.id)
        if ours is None and one.net_minor:
            yield f"{one.id}: Stripe moved {_amount(*theirs)}, the ledger has nothing"
        elif ours is not None and ours != theirs:
            yield f"{one.id}: Stripe moved {_amount(*theirs)}, the ledger {_amount(*ours)}"


def _unknown(recorded: Booked, known: set[str]) -> Iterator[str]:
    for id_, ours in recorded.items():
        if id_ not in known:
            yield f"{id_}: the ledger moved {_amount(*ours)}, Stripe knows of no such movement"


async def _balances(stripe: StripeClient, ours: Mapping[str, int]) -> list[str]:
    theirs = {currency: await stripe.balance_minor(currency) for currency in ours}
    return [
        f"balance now: Stripe has {_amount(theirs[currency], currency)},"
        f" the ledger {_amount(balance_minor, currency)}"
        for currency, balance_minor in ours.items()
        if theirs[currency] != balance_minor
    ]


def _amount(minor: int, currency: str) -> str:
    return f"{major_text(minor, currency)} {currency}"
