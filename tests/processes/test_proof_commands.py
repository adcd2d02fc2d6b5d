"""The proofs find what somebody with the superuser's password changed, and name it."""

import re

import pytest

from tests.processes.commands import Terminal

ID = "[0-9a-f-]{36}"
POSTING = """
    UPDATE ledger_posting SET amount_minor = amount_minor + 1 WHERE destination LIKE 'payable:%'
    AND transaction_id = (SELECT id FROM ledger_transaction WHERE kind = 'release')
"""
POSTINGS_GONE = """
    DELETE FROM ledger_posting
    WHERE transaction_id = (SELECT id FROM ledger_transaction WHERE kind = 'release')
"""
PAYABLE = """
    UPDATE ledger_account SET balance_minor = balance_minor - 1
    WHERE address LIKE 'payable:%' AND balance_minor > 0
"""
HELD = """
    UPDATE ledger_account SET balance_minor = balance_minor - 1
    WHERE address = (SELECT 'held:deal:' || id FROM deal WHERE state = 'funded')
"""
A_WON = [
    (
        "UPDATE ledger_account SET balance_minor = balance_minor + 1 WHERE address = 'world:bank'",
        "balance is the sum of postings",
        "world:bank KRW: balance -199999999, postings -200000000",
    ),
    (
        PAYABLE,
        "the ledger sums to zero in each currency",
        "KRW: -1",
    ),
    (
        POSTING,
        "balance is the sum of postings",
        f"payable:organisation:{ID} KRW: balance 95000000, postings 95000001",
    ),
    (
        POSTING,
        "statistics equal the ledger",
        "patent KRW: statistics 100000000, ledger 100000001",
    ),
    (
        POSTINGS_GONE,
        "every transaction has postings",
        f"distribute:deal:{ID}",
    ),
    (
        "UPDATE deal_rollup SET amount_minor = amount_minor + 1",
        "statistics equal the ledger",
        "patent KRW: statistics 100000001, ledger 100000000",
    ),
    (
        "UPDATE deal_rollup SET deals = deals + 1",
        "statistics count the settled deals",
        "patent KRW: statistics 2, deals 1",
    ),
    (
        "DELETE FROM deal_rollup",
        "statistics equal the ledger",
        "patent KRW: statistics 0, ledger 100000000",
    ),
    (
        "UPDATE deal_fact SET seller_region = 'KR-50'",
        "facts of statistics are those of the events",
        r"deal_fact \d+: seller_region is KR-50 instead of KR-11",
    ),
    (
        "UPDATE deal_fact SET cycle_days = 99",
        "series are those of the events",
        r"series_month \S+ settlement_days : amount_minor is \d+ instead of 99",
    ),
    (
        "UPDATE deal_day SET counted_month = counted_month - 31",
        "sums by day are those of the facts",
        r"deal_day .*: .* is missing instead of .*",
    ),
    (
        "UPDATE deal_rollup SET zero_deals = 1",
        "sums by month are those of the facts",
        "deal_rollup .*: zero_deals is 1 instead of 0",
    ),
    (
        (
            "INSERT INTO figure_revision VALUES"
            " ('KRW', '2026-01-01', 1, '2026-02-01', 'reverse', 'patent', -1, -5, 7)"
        ),
        "revisions are those of the facts",
        "figure_revision 7: .*amount_minor is -5 instead of missing.*",
    ),
    (
        "UPDATE series_month SET stock_change = stock_change + 1 WHERE series = 'listings'",
        "series are those of the events",
        r"series_month \S+ listings : stock_change is \d instead of \d",
    ),
    (
        "INSERT INTO statistics_release VALUES (1, '2026-01-31', now(), 1, 'x', '{}')",
        "released tables are as they were published",
        "release 1: the event log says another digest, or none",
    ),
    (
        HELD,
        "what is held is what each deal says",
        rf"deal {ID} \(funded\): held 99999999",
    ),
    (
        "UPDATE deal SET released_minor = released_minor - 1 WHERE state = 'settled'",
        "each settled deal was distributed as it says",
        f"deal {ID}: released 99999999 and refunded 0, the ledger moved 100000000",
    ),
    (
        "UPDATE deal SET commission_vat_minor = 1 WHERE state = 'settled'",
        "commission and taxes are what each deal says",
        rf"deal {ID}: commission 5000000 \+ 1, withheld 0, the ledger 5000000 \+ 0, 0",
    ),
    (
        "UPDATE deal SET returned_minor = 1 WHERE state = 'settled'",
        "what was returned is what each deal says",
        rf"deal {ID}: returned 1 \+ 0, the ledger 0",
    ),
]


def test_whole_books_are_proved(books: Terminal) -> None:
    proof = books.run("ledger", "verify")

    assert proof.code == 0
    *checks, count = proof.said.splitlines()
    assert {line[:4] for line in checks} == {"ok  "}
    assert count == "3 transactions"


@pytest.mark.parametrize(("change", "name", "problem"), A_WON)
def test_a_single_won_is_missed_and_named(
    books: Terminal, change: str, name: str, problem: str
) -> None:
    books.tamper(change)

    proof = books.run("ledger", "verify")

    assert proof.code == 1
    assert re.search(rf"^BAD  {name}\n(     .+\n)*     {problem}$", proof.said, re.MULTILINE), (
        proof.said
    )


def test_recomputing_mends_a_rollup_and_nothing_else_changes(books: Terminal) -> None:
    before = books.query("SELECT * FROM deal_rollup")
    books.tamper("UPDATE deal_rollup SET amount_minor = amount_minor + 1, deals = 7")
    assert books.run("ledger", "verify").code == 1
    ((events,),) = books.query("SELECT count(*) FROM event")

    recomputed = books.run("statistics", "recompute")

    assert (recomputed.code, recomputed.said) == (0, f"{events} events folded\n")
    assert books.query("SELECT * FROM deal_rollup") == before
    assert books.run("ledger", "verify").code == 0


EDITED = "seal 1 does not match its events: one was edited, moved or replaced"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("UPDATE event SET data = data || '{\"amount_minor\": 1}' WHERE sequence = 7", EDITED),
        ("UPDATE event SET actor = 'nobody' WHERE sequence = 7", EDITED),
        ("UPDATE event SET recorded_at = recorded_at + interval '1 µs' WHERE sequence = 7", EDITED),
        ("DELETE FROM event WHERE sequence = 7", EDITED),
        ("UPDATE event_seal SET events = events + 1", "seal 1 was edited"),
        ("UPDATE event_seal SET sealed_at = sealed_at - interval '1 day'", "seal 1 was edited"),
    ],
)
def test_a_changed_log_is_told_by_its_seals(books: Terminal, change: str, problem: str) -> None:
    whole = books.run("events", "verify")
    assert (whole.code, whole.said[:13]) == (0, "1 seals over ")

    books.tamper(change.replace("µs", "us"))

    proof = books.run("events", "verify")
    assert proof.code == 1
    assert f"BAD  {problem}\n" in proof.said


def test_a_log_cut_short_is_told_by_a_head_kept_elsewhere(books: Terminal) -> None:
    ((head,),) = books.query("SELECT hash FROM event_seal")
    assert books.run("events", "verify", "--head", str(head)).code == 0
    books.tamper("DELETE FROM event_seal")

    assert books.run("events", "verify").code == 0
    proof = books.run("events", "verify", "--head", str(head))

    assert proof.code == 1
    assert "BAD  the chain does not contain the expected head" in proof.said


def test_sealing_covers_what_is_new_and_says_when_nothing_is(books: Terminal) -> None:
    assert books.run("events", "seal").said == "nothing new to seal\n"
    books.run("operators", "create", "a@example.com", "--password", "long and private")

    sealed = books.run("events", "seal")

    ((head,),) = books.query("SELECT hash FROM event_seal WHERE number = 2")
    assert (sealed.code, sealed.said) == (0, f"seal 2: {head}\n")
    assert ", 0 not sealed yet" in books.run("events", "verify").said
