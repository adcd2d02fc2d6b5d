"""Posting: all or nothing, each key once, never overdrawn, whoever else posts at that moment."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.db import Sessions
from marketplace.kernel.problems import translate
from marketplace.payments.ledger.addresses import BANK
from marketplace.payments.ledger.queries import balance_minor
from marketplace.payments.ledger.service import CONSTRAINT_ERRORS, Booking, Posting, post
from marketplace.payments.ledger.verify import CHECKS, run_checks
from tests.factories.bank import books
from tests.factories.world import World

PURSE, SHOP = "held:deal:purse", "held:deal:shop"


async def book(session: AsyncSession, key: str, *postings: Posting) -> None:
    await post(
        session, Booking(key=key, kind="test", subject="test", currency="KRW", postings=postings)
    )


async def attempt(sessions: Sessions, key: str, *postings: Posting) -> str:
    """Post in a transaction of its own; says `posted`, or the code of the refusal."""
    try:
        async with sessions.begin() as session:
            await book(session, key, *postings)
    except DBAPIError as error:
        return translate(error, CONSTRAINT_ERRORS).code
    return "posted"


async def balances(sessions: Sessions, addresses: Sequence[str]) -> list[int]:
    async with sessions() as session:
        return [await balance_minor(session, address, "KRW") for address in addresses]


async def broken(sessions: Sessions) -> list[str]:
    async with sessions() as session:
        return [check.name for check in await run_checks(session, CHECKS) if check.problems]


async def test_of_fifty_debits_at_once_exactly_those_that_are_covered_succeed(world: World) -> None:
    await attempt(world.sessions, "fill", Posting(BANK, PURSE, 100))

    debits = (attempt(world.sessions, f"{n}", Posting(PURSE, SHOP, 10)) for n in range(50))
    answers = Counter(await asyncio.gather(*debits))

    assert answers == {"posted": 10, "insufficient_funds": 40}
    assert await balances(world.sessions, [BANK, PURSE, SHOP]) == [-100, 0, 100]
    assert await broken(world.sessions) == []


async def test_sixty_crossing_transfers_never_deadlock(world: World) -> None:
    cells = [f"held:deal:{letter}" for letter in "abc"]
    for cell in cells:
        await attempt(world.sessions, f"fill {cell}", Posting(BANK, cell, 1_000))
    crossing = [(cells[n % 3], cells[(n + 1 + n // 3 % 2) % 3]) for n in range(60)]

    transfers = (
        attempt(world.sessions, f"{n}", Posting(*pair, 1)) for n, pair in enumerate(crossing)
    )

    assert Counter(await asyncio.gather(*transfers)) == {"posted": 60}
    assert sorted(Counter(crossing).values()) == [10] * 6
    assert await balances(world.sessions, cells) == [1_000] * 3
    assert await broken(world.sessions) == []


async def test_of_ten_posts_of_one_fact_at_once_one_is_kept(world: World) -> None:
    posts = (attempt(world.sessions, "the fact", Posting(BANK, PURSE, 7)) for _ in range(10))

    answers = Counter(await asyncio.gather(*posts))

    assert answers == {"posted": 1, "already_posted": 9}
    assert await balances(world.sessions, [PURSE]) == [7]


@pytest.mark.parametrize(
    ("key", "postings", "code"),
    [
        ("new", [Posting(PURSE, SHOP, 101)], "insufficient_funds"),
        ("new", [Posting(PURSE, SHOP, 60), Posting(PURSE, BANK, 41)], "insufficient_funds"),
        ("new", [Posting(SHOP, PURSE, 1)], "insufficient_funds"),
        ("new", [Posting(BANK, SHOP, 5), Posting("commission:00", SHOP, 1)], "insufficient_funds"),
        ("fill", [Posting(PURSE, SHOP, 1)], "already_posted"),
    ],
)
async def test_a_refused_posting_changes_nothing(
    sessions: Sessions, key: str, postings: list[Posting], code: str
) -> None:
    await attempt(sessions, "fill", Posting(BANK, PURSE, 100))
    async with sessions() as session:
        before = await books(session)

    assert await attempt(sessions, key, *postings) == code

    async with sessions() as session:
        assert await books(session) == before


@pytest.mark.parametrize("amount_minor", [0, -1])
async def test_a_posting_moves_a_positive_amount(sessions: Sessions, amount_minor: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        await attempt(sessions, "new", Posting(BANK, PURSE, amount_minor))


async def test_missing_accounts_are_opened_and_a_stop_on_the_way_nets_to_nothing(
    sessions: Sessions,
) -> None:
    async with sessions.begin() as session:
        await book(session, "one", Posting(BANK, PURSE, 9), Posting(PURSE, SHOP, 9))

    assert await balances(sessions, [BANK, PURSE, SHOP]) == [-9, 0, 9]
    assert await broken(sessions) == []


async def test_currencies_are_kept_apart(sessions: Sessions) -> None:
    await attempt(sessions, "won", Posting(BANK, PURSE, 100))
    postings = [Posting(PURSE, SHOP, 1)]

    with pytest.raises(DBAPIError) as refusal:
        async with sessions.begin() as session:
            await post(
                session,
                Booking(key="usd", kind="test", subject="t", currency="USD", postings=postings),
            )

    assert translate(refusal.value, CONSTRAINT_ERRORS).code == "insufficient_funds"
    assert await balances(sessions, [PURSE, SHOP]) == [100, 0]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_posting SET amount_minor = 1",
        "UPDATE ledger_transaction SET key = 'other'",
        "DELETE FROM ledger_posting",
        "DELETE FROM ledger_transaction",
        "TRUNCATE ledger_posting",
        "TRUNCATE ledger_transaction CASCADE",
    ],
)
async def test_the_database_refuses_to_change_history(sessions: Sessions, statement: str) -> None:
    await attempt(sessions, "fact", Posting(BANK, PURSE, 100))

    with pytest.raises(DBAPIError, match="append-only"):
        async with sessions.begin() as session:
            await session.execute(text(statement))

    assert await balances(sessions, [PURSE]) == [100]


@pytest.mark.parametrize(
    ("tampering", "proof"),
    [
        (
            "UPDATE ledger_account SET balance_minor = balance_minor + 1 WHERE address <> :bank",
            "balance is the sum of postings",
        ),
        (
            "UPDATE ledger_account SET balance_minor = balance_minor - 1 WHERE address = :bank",
            "the ledger sums to zero in each currency",
        ),
        ("DELETE FROM ledger_account WHERE address = :bank", "balance is the sum of postings"),
    ],
)
async def test_the_proofs_see_a_balance_that_was_tampered_with(
    sessions: Sessions, tampering: str, proof: str
) -> None:
    await attempt(sessions, "fact", Posting(BANK, PURSE, 100))
    async with sessions.begin() as session:
        await session.execute(text(tampering), {"bank": BANK})

    assert proof in await broken(sessions)
