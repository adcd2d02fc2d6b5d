"""`marketplace register import-facts` and `import-codes`."""

import json
from pathlib import Path

from tests.processes.commands import Terminal

FACTS = {
    "origin": "KIPRIS",
    "as_of": "2026-01-05",
    "rights": [{"number": "KR 10-1536536", "events": [{"code": "PR0701", "on": "2015-07-08"}]}],
}


def test_facts_and_codes_are_loaded_from_files(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "facts.json"
    file.write_text(json.dumps(FACTS))
    loaded = terminal.run("register", "import-facts", file)
    assert (loaded.code, loaded.said) == (0, "0 new, 0 retracted, 0 known\n")
    assert "nobody registered KR 10-1536536" in loaded.complained

    codes = tmp_path / "codes.csv"
    codes.write_text("scheme,office,code,kind,meaning\nST27,KR,XX9999,surrendered,given up\n")
    for _ in "12":
        loaded = terminal.run("register", "import-codes", codes)
        assert (loaded.code, loaded.said) == (0, "1 codes loaded\n")
    known = "SELECT kind FROM event_code WHERE code = 'XX9999'"
    assert terminal.query(known) == [("surrendered",)]

    file.write_text(json.dumps(FACTS | {"rights": []}))
    refused = terminal.run("register", "import-facts", file)
    assert (refused.code, refused.said) == (1, "")
    assert refused.complained.startswith("marketplace: rights: List should have at least 1")
