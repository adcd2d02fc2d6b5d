"""The commands of exchange rates and of the bank's reconciliation, as an operator types them."""

from pathlib import Path

from tests.processes.commands import Terminal

RATES = "Date,USD,KRW,\n2026-11-20,1.0876,1623.45,\n2026-11-19,1.0901,N/A,\n"
DAY = ("payments", "reconcile", "--provider", "bank", "--date", "2026-01-05")


def test_rates_are_imported_once(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "eurofxref-hist.csv"
    file.write_text(RATES)
    for new in (3, 0):
        done = terminal.run("currencies", "import-rates", file)
        told = f"2026-11-19 to 2026-11-20: 3 rates, {new} new\n"
        assert (done.code, done.said) == (0, told)
    file.write_text(RATES.replace("1623.45", "nothing"))
    refused = terminal.run("currencies", "import-rates", file)
    words = "marketplace: 2026-11-20, KRW: 'nothing' is not a rate\n"
    assert (refused.code, refused.said, refused.complained) == (1, "", words)
    assert terminal.query("SELECT count(*) FROM exchange_rate") == [(3,)]


def test_one_won_that_was_lost_is_found(books: Terminal) -> None:
    clean = books.run(*DAY)
    assert (clean.code, clean.said) == (0, "2 movements compared, 0 differences\n")
    books.tamper(
        "UPDATE ledger_posting SET amount_minor = amount_minor - 1 WHERE ctid = ("
        "SELECT ctid FROM ledger_posting WHERE source = 'world:bank' LIMIT 1)"
    )
    broken = books.run(*DAY)
    assert broken.code == 1
    first, last = broken.said.splitlines()
    assert first.endswith("the bank moved 100000000 KRW, the ledger 99999999 KRW")
    assert last == "2 movements compared, 1 differences"
