"""`marketplace demo`, once, as `make demo` runs it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes.commands import Terminal
from tests.processes.service import clean_environment

RECORD = {"id": "US6836899B1", "country": "US", "kind": "B1", "language": "en", "ipc": ["A45F"]}
RECORDS = [
    RECORD | {"title": "Napkin holder", "abstract": "Two clamps and a lanyard."},
    RECORD | {"title": "Napkin holder again"},
    RECORD | {"id": "no number", "title": "Refused"},
    RECORD | {"id": "US6836900B1", "title": ""},
    RECORD | {"id": "US6836901B2", "title": "Helmet", "abstract": None, "ipc": []},
]
LOANS = (
    "an institution that is free of both lenders was drawn; it signed a report over 500,000,000",
    "prepaid 98,8",
    "the register deleted the pledge: the patent is free",
    "the other was sold for 120,000,000 KRW: costs 6,000,000",
    "was shared: ",
    "50,000,000 KRW came later, and went back: ",
)
"""What is told of the second and the third journey."""


@pytest.mark.timeout(500)
def test_the_demonstration_plays_a_sale_and_two_loans_and_proves_its_books(tmp_path: Path) -> None:
    (tmp_path / "records.jsonl").write_text("\n".join(map(json.dumps, RECORDS)) + "\n\n")
    # Whatever a person has configured, the demonstration keeps away from it.
    (tmp_path / ".env").write_text("DATABASE_URL=postgresql://127.0.0.1:1/production\n")

    played = subprocess.run(
        [sys.executable, "-m", "marketplace", "demo", "--patents", "records.jsonl"],
        env=clean_environment(MARKETPLACE_PORT="1", TMPDIR="/tmp"),  # noqa: S108 - open to all
        cwd=tmp_path,
        text=True,
        capture_output=True,
        check=False,
    )

    assert played.returncode == 0, played.stderr
    lines = played.stdout.splitlines()
    assert (
        "  3. of the records of records.jsonl: 2 listed, 1 registered already, 2 refused" in lines
    )
    table = lines[lines.index("amounts in 만원 (10000KRW)") - 3 :][:3]
    assert [line.split() for line in table] == [
        ["2022", "3", "90", "3", "90"],
        ["2023", "5", "210", "8", "300"],
        [table[-1].split()[0], "2", "9,610", "10", "9,910"],
    ]
    assert [step in played.stdout for step in LOANS] == [True] * len(LOANS)
    assert "BAD" not in played.stdout
    assert re.match(r"[1-9] seals over [1-9][0-9]+ events, 0 not sealed yet, head ", lines[-1])
    assert "Traceback" not in played.stderr
    assert played.stderr.endswith("stopping …\nstopped\n")


def test_a_file_of_something_else_is_refused_before_anything_is_started(
    shell: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "passwd"
    file.write_text(json.dumps(RECORDS[0]) + "\nroot:x:0:0:root:/root:/bin/bash\n")

    refused = shell.run("demo", "--patents", file)

    assert (refused.code, refused.said) == (1, "")
    assert refused.complained == (
        f"marketplace: {file}, line 2: a record is a JSON object with id, country and title\n"
    )
