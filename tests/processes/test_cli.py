"""What the commands do, say and exit with. An expected failure is one line."""

import asyncio
import sys
from io import StringIO
from pathlib import Path

import pytest

from marketplace import cli
from marketplace.kernel.clock import SystemClock
from marketplace.kernel.db import create_engine, create_sessions
from marketplace.kernel.master_keys import open_keyring
from tests.processes.commands import Terminal

PASSWORD = "long and private"
CREATE = ("operators", "create", "Chief@Example.com", "--password", PASSWORD)
OPERATORS = """
    SELECT u.email, o.kind, m.role FROM user_account u JOIN membership m ON m.user_id = u.id
    JOIN organisation o ON o.id = m.organisation_id ORDER BY u.email
"""


def test_operators_are_created_once_and_share_one_organisation(terminal: Terminal) -> None:
    created = terminal.run(*CREATE)
    assert (created.code, created.said) == (0, "operator chief@example.com created\n")

    again = terminal.run(*CREATE)
    line = "marketplace: This e-mail has an account; sign in\n"
    assert (again.code, again.said, again.complained) == (1, "", line)

    assert terminal.run("operators", "create", "b@example.com", *CREATE[-2:]).code == 0
    assert terminal.query(OPERATORS) == [
        ("b@example.com", "operator", "operator"),
        ("chief@example.com", "operator", "operator"),
    ]
    assert terminal.query("SELECT count(*) FROM organisation") == [(1,)]


def test_without_a_terminal_the_password_comes_from_standard_input_or_a_variable(
    terminal: Terminal,
) -> None:
    terminal.monkeypatch.setattr(sys, "stdin", StringIO(f"{PASSWORD}\n"))
    piped = terminal.run("operators", "create", "piped@example.com")
    assert (piped.code, piped.complained) == (0, "")

    terminal.monkeypatch.setattr(sys, "stdin", StringIO())
    missing = terminal.run("operators", "create", "none@example.com")
    line = "marketplace: password: a password has 10 to 200 characters\n"
    assert (missing.code, missing.complained) == (1, line)

    terminal.monkeypatch.setenv("MARKETPLACE_OPERATOR_PASSWORD", PASSWORD)
    assert terminal.run("operators", "create", "variable@example.com").code == 0
    assert terminal.query("SELECT count(*) FROM user_account") == [(2,)]


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [
        ("nobody", PASSWORD, "email"),
        ("a@b", PASSWORD, "email"),
        ("a@example.com", "tooshort", "password"),
        ("a@example.com", "x" * 201, "password"),
    ],
)
def test_an_operator_who_could_not_sign_in_is_not_created(
    terminal: Terminal, email: str, password: str, field: str
) -> None:
    refused = terminal.run("operators", "create", email, "--password", password)

    assert refused.code == 1
    assert refused.complained.startswith(f"marketplace: {field}: ")
    assert refused.complained.count("\n") == 1
    assert password not in refused.complained
    assert terminal.query("SELECT count(*) FROM user_account") == [(0,)]


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("DATABASE_URL", "postgresql://me:secret@127.0.0.1:1/x", "the database does not answer: "),
        ("DATABASE_URL", "mysql://me:secret@127.0.0.1/x", "DATABASE_URL: write postgresql://"),
        ("DATABASE_URL", "secret", "DATABASE_URL: write postgresql://"),
        ("DATABASE_URL", "postgresql://secret@127.0.0.1:x/", "DATABASE_URL: write postgresql://"),
        ("MARKETPLACE_PORT", "http", "MARKETPLACE_PORT: Input should be "),
        ("MARKETPLACE_PORT", "65536", "MARKETPLACE_PORT: Input should be "),
        ("MARKETPLACE_POOL_SIZE", "0", "MARKETPLACE_POOL_SIZE: "),
        ("MARKETPLACE_LOG_LEVEL", "LOUD", "MARKETPLACE_LOG_LEVEL: write DEBUG, INFO"),
        ("MARKETPLACE_REPORTING_TIME_ZONE", "Mars/Base", "MARKETPLACE_REPORTING_TIME_ZONE: no "),
        ("MARKETPLACE_REPORTING_TIME_ZONE", "../etc", "MARKETPLACE_REPORTING_TIME_ZONE: no "),
        (
            "MARKETPLACE_PUBLIC_URL",
            "http://market.example.com",
            "MARKETPLACE_PUBLIC_URL: write https://",
        ),
        (
            "MARKETPLACE_PUBLIC_URL",
            "https://market.example.com/api",
            "MARKETPLACE_PUBLIC_URL: write https://",
        ),
        (
            "MARKETPLACE_PUBLIC_URL",
            "https://secret@market.example",
            "MARKETPLACE_PUBLIC_URL: write https://",
        ),
        (
            "MARKETPLACE_PUBLIC_URL",
            "http://127.0.0.1.evil.example",
            "MARKETPLACE_PUBLIC_URL: write https://",
        ),
        ("MARKETPLACE_PUBLIC_URL", "https://", "MARKETPLACE_PUBLIC_URL: write https://"),
        ("MARKETPLACE_BANK_ACCOUNT_NUMBER", "!!", "MARKETPLACE_BANK_*: bank account ****: give 5"),
        ("MARKETPLACE_BANK_COUNTRY", "Korea", "MARKETPLACE_BANK_*: bank account ****0000: give"),
        ("MARKETPLACE_BANK_COUNTRY", "DE", "MARKETPLACE_BANK_*: bank account ****0000: the banks"),
        ("MARKETPLACE_DATA_DIR", "/proc/nowhere", "[Errno 2] No such file or directory: "),
    ],
)
def test_a_wrong_setting_is_told_in_one_line(
    shell: Terminal, variable: str, value: str, line: str
) -> None:
    shell.monkeypatch.setenv(variable, value)

    refused = shell.run("migrate")

    assert (refused.code, refused.said) == (1, "")
    assert refused.complained.startswith(f"marketplace: {line}")
    assert refused.complained.count("\n") == 1
    assert "secret" not in refused.complained


@pytest.mark.parametrize("command", ["api", "worker"])
def test_a_part_of_the_service_needs_a_database_of_ones_own(shell: Terminal, command: str) -> None:
    shell.monkeypatch.setenv("DATABASE_URL", "")

    refused = shell.run(command)

    line = "marketplace: DATABASE_URL is not set: set it, or use `marketplace serve`\n"
    assert (refused.code, refused.complained) == (1, line)


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ("{user}@{place}/gone", 'database "gone" does not exist'),
        ("{user}x@{place}/{name}", 'password authentication failed for user "postgres"'),
    ],
)
def test_a_database_that_does_not_let_us_in_is_told_in_one_line(
    terminal: Terminal, wrong: str, line: str
) -> None:
    address, _, name = terminal.url.rpartition("/")
    user, _, place = address.rpartition("@")
    terminal.monkeypatch.setenv("DATABASE_URL", wrong.format(user=user, place=place, name=name))

    refused = terminal.run("events", "verify")

    assert (refused.code, refused.complained) == (1, f"marketplace: the database refused: {line}\n")


def test_a_database_of_a_newer_version_is_told_in_one_line(terminal: Terminal) -> None:
    terminal.tamper("UPDATE alembic_version SET version_num = '9999'")

    refused = terminal.run("migrate")

    assert refused.code == 1
    assert refused.complained == "marketplace: Can't locate revision identified by '9999'\n"


@pytest.mark.parametrize(
    "words",
    [
        ("statistics", "import-history", "nowhere.json"),
        ("statistics", "import-history", "."),
        ("demo", "--patents", "nowhere.jsonl"),
        ("serve", "--port", "many"),
        ("launder",),
    ],
)
def test_a_command_that_makes_no_sense_explains_its_use(
    shell: Terminal, words: tuple[str, ...]
) -> None:
    refused = shell.run(*words)

    assert (refused.code, refused.said) == (2, "")
    assert "Usage: " in refused.complained


def test_the_data_directory_must_be_a_directory(shell: Terminal, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    refused = shell.run("ledger", "verify", "--data-dir", tmp_path / "file")

    line = f"marketplace: [Errno 17] File exists: '{tmp_path / 'file'}'\n"
    assert (refused.code, refused.complained) == (1, line)


@pytest.mark.parametrize(
    "words",
    [
        ("ledger", "verify"),
        ("events", "verify"),
        ("events", "seal"),
        ("statistics", "recompute"),
        ("mail", "list"),
        ("operators", "create", "a@example.com", "--password", PASSWORD),
    ],
)
def test_no_command_makes_a_database_because_a_directory_was_mistyped(
    shell: Terminal, words: tuple[str, ...], tmp_path: Path
) -> None:
    refused = shell.run(*words, "--data-dir", tmp_path / "typo")

    assert (refused.code, refused.said) == (1, "")
    assert refused.complained.startswith(f"marketplace: no database in {tmp_path / 'typo'}: ")
    assert refused.complained.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_an_api_without_its_database_or_its_keys_ends_with_one_line(
    terminal: Terminal, tmp_path: Path
) -> None:
    async def confirm() -> None:
        url = terminal.url.replace("postgresql", "postgresql+asyncpg")
        engine = create_engine(url, pool_size=1)
        async with create_sessions(engine, SystemClock()).begin() as session:
            await open_keyring(session, tmp_path / "elsewhere")
        await engine.dispose()

    # It would set up the logs of this process; nor does this one end with its parent.
    terminal.monkeypatch.setattr(cli, "configure_logs", lambda _: None)
    terminal.monkeypatch.setattr(cli, "end_with_parent", lambda: None)
    asyncio.run(confirm())
    keys = tmp_path / "data" / "master.keys"
    for command in ("api", "worker"):
        refused = terminal.run(command)
        assert refused.code == 1
        assert refused.complained.startswith(
            f"marketplace: the master keys of this database are not in {keys}: "
        )
        assert refused.complained.count("\n") == 1
    assert not keys.exists()

    terminal.monkeypatch.setenv("DATABASE_URL", "postgresql://me:secret@127.0.0.1:1/x")
    away = terminal.run("api")
    assert away.code == 1
    assert away.complained.startswith("marketplace: the database does not answer: ")
    assert away.complained.count("\n") == 1
