"""`marketplace designations import-history`."""

from pathlib import Path

from tests.processes.commands import Terminal

PUBLISHED = Path(__file__).parents[1] / "accounts" / "data" / "designations.json"


def test_published_designations_are_loaded_once(terminal: Terminal, tmp_path: Path) -> None:
    for said in ("34 new, 0 ended since, 0 known\n", "0 new, 0 ended since, 34 known\n"):
        loaded = terminal.run("designations", "import-history", PUBLISHED)
        assert (loaded.code, loaded.said) == (0, said)
    periods = "SELECT count(*), count(valid_until) FROM designation_period"
    assert terminal.query(periods) == [(34, 1)]

    file = tmp_path / "wrong.json"
    file.write_text('{"source": "S", "institutions": []}')
    refused = terminal.run("designations", "import-history", file)
    assert (refused.code, refused.said) == (1, "")
    assert refused.complained.startswith("marketplace: institutions: List should have at least 1")
    assert terminal.query(periods) == [(34, 1)]
