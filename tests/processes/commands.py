"""Commands, run in this process as `marketplace` runs them: with their exit status and words."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import asyncpg
import pytest

from marketplace.cli import main
from marketplace.kernel.postgres import EmbeddedPostgres
from tests.conftest import clone

T = TypeVar("T")


@dataclass(frozen=True)
class Outcome:
    code: int
    said: str
    complained: str


@dataclass(frozen=True)
class Terminal:
    """A shell with a clean environment and, if it was given one, a database."""

    monkeypatch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]
    url: str = ""

    def run(self, *words: str | Path) -> Outcome:
        self.monkeypatch.setattr(sys, "argv", ["marketplace", *map(str, words)])
        self.capture.readouterr()
        before = signal.getsignal(signal.SIGTERM)
        try:
            main()
            code: int | str | None = 0
        except SystemExit as end:
            code = end.code
        finally:
            signal.signal(signal.SIGTERM, before)
        said = self.capture.readouterr()
        told = said.err.removeprefix("using the PostgreSQL of DATABASE_URL\n")
        return Outcome(int(code or 0), said.out, told)

    def query(self, statement: str) -> list[tuple[object, ...]]:
        rows = self._connected(lambda connection: connection.fetch(statement))
        return [tuple(row) for row in rows]

    def tamper(self, statement: str) -> None:
        """Change what the database would refuse, as somebody with its superuser's password can."""

        async def change(connection: asyncpg.Connection) -> None:
            await connection.execute("SET session_replication_role = replica")
            assert not (await connection.execute(statement)).endswith(" 0")

        self._connected(change)

    def _connected(self, use: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        async def run() -> T:
            connection = await asyncpg.connect(self.url)
            try:
                return await use(connection)
            finally:
                await connection.close()

        return asyncio.run(run())


@pytest.fixture
def shell(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Terminal:
    """A terminal in an empty directory, with no configuration at all."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("MARKETPLACE_DATA_DIR", str(tmp_path / "data"))
    return Terminal(monkeypatch, capsys)


def with_copy(shell: Terminal, server: EmbeddedPostgres, template: str) -> Terminal:
    """The terminal with a copy of a database."""
    name = f"terminal_{uuid4().hex}"
    asyncio.run(clone(server, template, name))
    url = server.url(name, driver="postgresql")
    shell.monkeypatch.setenv("DATABASE_URL", url)
    return Terminal(shell.monkeypatch, shell.capture, url)
