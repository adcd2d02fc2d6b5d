"""`marketplace statistics import-history`, up to what everyone reads."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from marketplace.kernel.clock import ShiftedClock
from marketplace.settings import Settings
from tests.factories.figures import live_table
from tests.factories.world import World
from tests.processes.commands import Terminal

REFERENCE = Path(__file__).parents[3] / "shared/data/reference/idearo_performance.json"
SOURCE = "KIPO annual report, 'Operational Performance of Idea-ro'"

needs_reference = pytest.mark.skipif(not REFERENCE.exists(), reason=f"{REFERENCE} is not here")


def read_table(terminal: Terminal, folder: Path, **query: str) -> dict[str, Any]:
    """What operators read of this database over HTTP."""

    async def read() -> dict[str, Any]:
        found = {"database_url": SecretStr(terminal.url), "data_dir": folder}
        settings = Settings(_env_file=None).model_copy(update=found)
        world = await World.open(settings, ShiftedClock())
        table = await live_table(world, **query)
        await world.close()
        return table

    return asyncio.run(read())


def figures(row: dict[str, Any]) -> tuple[int, int]:
    return row["deals"], row["amount"]


@needs_reference
def test_the_reference_gives_the_printed_figures_to_the_last_one(
    terminal: Terminal, tmp_path: Path
) -> None:
    for _ in range(2):
        loaded = terminal.run("statistics", "import-history", REFERENCE)
        assert (loaded.code, loaded.said) == (0, f"{SOURCE}, as of 2023-12-31: loaded\n")

    table = read_table(terminal, tmp_path, unit="10000KRW")

    assert [(row["label"], *figures(row["period"])) for row in table["rows"]] == [
        ("Mar. 2021~", 112, 5_931),
        ("2022", 155, 4_901),
        ("~Dec. 2023", 295, 14_210),
    ]
    assert [figures(row["cumulative"]) for row in table["rows"]] == [
        (112, 5_931),
        (267, 10_832),
        (562, 25_042),
    ]
    assert (*figures(table["total"]), table["total"]["amount_minor"]) == (562, 25_042, 250_420_000)
    assert table["published"] == [{"source": SOURCE, "as_of": "2023-12-31", "discrepancy": None}]
    assert terminal.query("SELECT count(*) FROM published_figure") == [(3,)]


@needs_reference
def test_settled_deals_continue_the_reference(books: Terminal, tmp_path: Path) -> None:
    assert books.run("statistics", "import-history", REFERENCE).code == 0

    table = read_table(books, tmp_path, unit="10000KRW")

    assert [row["origin"] for row in table["rows"]] == ["published"] * 3 + ["ledger"]
    assert figures(table["rows"][-1]["period"]) == (1, 10_000)
    assert figures(table["total"]) == (563, 35_042)
    assert books.run("ledger", "verify").code == 0


HISTORY: dict[str, Any] = {
    "source": "Printed",
    "unit": "1,000 KRW",
    "currency": "KRW",
    "as_of": "2025-12-31",
    "periods": [
        {"label": "2025", "from": "2025-01-01", "to": "2026-01-01", "transactions": 4, "amount": 8}
    ],
    "cumulative": {"transactions": 5, "amount": 8},
}
NOTE = "printed total 5 deals and 8000, the parts give 4 and 8000, in minor units"


def test_a_wrong_printed_total_is_loaded_with_a_note(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "history.json"
    file.write_text(json.dumps(HISTORY))

    loaded = terminal.run("statistics", "import-history", file)

    assert (loaded.code, loaded.said) == (0, f"Printed, as of 2025-12-31: loaded ({NOTE})\n")
    table = read_table(terminal, tmp_path)
    assert figures(table["total"]) == (4, 8_000)
    assert table["published"][0]["discrepancy"] == {
        "printed_deals": 5,
        "parts_deals": 4,
        "printed_amount_minor": 8_000,
        "parts_amount_minor": 8_000,
    }


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("{", "file: Invalid JSON: EOF while parsing an object at line 1 column 1"),
        (json.dumps(HISTORY | {"unit": "won"}), "unit 'won': write for example '10,000 KRW'"),
        (json.dumps(HISTORY | {"periods": []}), "periods: List should have at least 1 item"),
        (
            json.dumps(HISTORY | {"as_of": "2025-12-30", "source": "First"}),
            "Other figures of this source and date are loaded",
        ),
        (
            json.dumps(HISTORY | {"source": "Second"}),
            "'2025' (2025-01-01 to 2025-12-31) overlaps '2025' (2025-01-01 to ",
        ),
    ],
)
def test_a_file_that_is_refused_is_told_in_one_line(
    terminal: Terminal, tmp_path: Path, content: str, line: str
) -> None:
    file = tmp_path / "history.json"
    file.write_text(json.dumps(HISTORY | {"as_of": "2025-12-30", "source": "First", "unit": "KRW"}))
    file.write_text(
        json.dumps(HISTORY | {"source": "First", "as_of": "2025-12-30"} | {"cumulative": None})
    )
    assert terminal.run("statistics", "import-history", file).code == 0
    file.write_text(content)

    refused = terminal.run("statistics", "import-history", file)

    assert (refused.code, refused.said) == (1, "")
    assert refused.complained.startswith(f"marketplace: {line}")
    assert refused.complained.count("\n") == 1
    assert terminal.query("SELECT source, printed_deals FROM published_series") == [("First", None)]
