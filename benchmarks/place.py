"""Where a run happens: one PostgreSQL as in production, and a database for each set of data."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from pydantic import SecretStr

from marketplace.kernel import postgres
from marketplace.kernel.postgres import EmbeddedPostgres
from marketplace.migrating import upgrade
from marketplace.settings import Settings

Fill = Callable[[asyncpg.Connection], Awaitable[None]]


@dataclass(frozen=True)
class Place:
    """A folder with a running server; what was generated once is found again in a kept folder."""

    folder: Path
    server: EmbeddedPostgres

    def database(self, name: str, fill: Fill, *, anew: bool = False) -> Settings:
        """A migrated database with data, made on first use; returns how the product finds it."""
        settings = self._settings(name)
        done = settings.data_dir / "generated"
        if anew or not done.exists():
            print(f"generating {name} …", flush=True)
            asyncio.run(self._make_empty(name))
            upgrade(settings)
            asyncio.run(_fill(settings, fill))
            done.touch()
        upgrade(settings)
        return settings

    def _settings(self, name: str) -> Settings:
        data_dir = self.folder / name
        data_dir.mkdir(exist_ok=True)
        found = {"database_url": SecretStr(self.server.url(name)), "data_dir": data_dir}
        return Settings(_env_file=None).model_copy(update=found)

    async def _make_empty(self, name: str) -> None:
        connection = await asyncpg.connect(self.server.url("postgres", driver="postgresql"))
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.close()
        await postgres.ensure_database(self.server, name)


async def _fill(settings: Settings, fill: Fill) -> None:
    connection = await asyncpg.connect(settings.asyncpg_url())
    # Generated rows are right by construction; checking foreign keys would triple the time.
    await connection.execute("SET session_replication_role = replica")
    await fill(connection)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


@contextmanager
def opened(keep: Path | None) -> Iterator[Place]:
    """Start the server in `keep`, or in a folder that is thrown away at the end."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        with _running(keep.resolve()) as place:
            yield place
        return
    with tempfile.TemporaryDirectory(prefix="marketplace-benchmarks-") as made:
        folder = Path(made)
        folder.chmod(0o711)  # the account that runs the server on behalf of root has to enter
        with _running(folder) as place:
            yield place


@contextmanager
def _running(folder: Path) -> Iterator[Place]:
    root = folder / "postgres"
    server = postgres.start(root)
    try:
        yield Place(folder, server)
    finally:
        postgres.stop(root)
