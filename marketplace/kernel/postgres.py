"""A PostgreSQL of our own, for when no `DATABASE_URL` is set."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote

import asyncpg

from marketplace.kernel.postgres_cluster import SUPERUSER, Cluster, claim, is_alive, trim
from marketplace.kernel.postgres_locks import LOOPBACK, accepts, locked
from marketplace.kernel.postgres_process import EmbeddedPostgresError, binaries, programs_for

__all__ = [
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "binaries",
    "ensure_database",
    "exists",
    "is_running",
    "start",
    "stop",
    "trim_log",
]

DEFAULT_SETTINGS: Final[Mapping[str, str]] = {
    "max_connections": "100",
    "shared_buffers": "256MB",
    "random_page_cost": "1.1",
    # The log must not hold what people wrote: no DETAIL with the key of a row, no statement.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_statement": "none",
}


@dataclass(frozen=True, slots=True)
class EmbeddedPostgres:
    """A running server. `password` is the superuser's and no part of the printed form."""

    root: Path
    port: int
    password: str = field(repr=False)

    def url(self, database: str = "marketplace", driver: str = "postgresql+asyncpg") -> str:
        """A SQLAlchemy URL; with `driver="postgresql"` one that asyncpg and libpq understand."""
        address = f"{SUPERUSER}:{self.password}@{LOOPBACK}:{self.port}"
        return f"{driver}://{address}/{quote(database, safe='')}"


def start(root: Path, *, settings: Mapping[str, str] | None = None) -> EmbeddedPostgres:
    """Return the server of `root`; create and launch it first where needed. Blocks meanwhile.

    Any number of processes may call this at once; all get the same server, which outlives them.
    After a crash the server recovers every transaction that it had acknowledged.

    Root hands the server to the owner of an existing directory, or to `nobody`.

    Args:
        root: a new or empty directory, or one that an earlier call made.
        settings: parameters of postgresql.conf beside `DEFAULT_SETTINGS`. They count when this
            call launches the server; one that runs already keeps its own.

    Raises:
        EmbeddedPostgresError: the directory cannot be used, no programs are installed, or the
            server does not come up within a minute. The message says what to do.
    """
    root = root.resolve()
    claim(root)
    with locked(root / "start.lock") as starting:
        cluster = Cluster(root, programs_for(root))
        cluster.initialize(starting)
        if not cluster.settles():
            cluster.launch({**DEFAULT_SETTINGS, **(settings or {})})
        return EmbeddedPostgres(root, cluster.port(), cluster.password())


def exists(root: Path) -> bool:
    """Whether `start` made a server in `root` before. Changes nothing."""
    return (root / "data").is_dir()


def is_running(root: Path) -> bool:
    """Whether the server of `root` accepts connections now. Changes nothing, takes at most 1 s."""
    root = root.resolve()
    return is_alive(root) and accepts(int((root / "port").read_text()), SUPERUSER)


def stop(root: Path, mode: Literal["smart", "fast", "immediate"] = "fast") -> None:
    """Stop the server of `root` and wait until its last process is gone, if one runs at all.

    Args:
        root: the directory that was given to `start`.
        mode: `smart` waits for clients to leave, `fast` disconnects them, `immediate` skips the
            final checkpoint and leaves recovery to the next start.

    Raises:
        EmbeddedPostgresError: it did not stop within a minute; with `smart` its clients decide.
    """
    root = root.resolve()
    if not is_alive(root):
        return
    with locked(root / "start.lock"):
        Cluster(root, programs_for(root)).stop(mode)


def trim_log(root: Path) -> None:
    """Keep the server's log bounded, while it runs: what is long becomes `server.log.1`."""
    trim(root.resolve() / "server.log")


async def ensure_database(server: EmbeddedPostgres, name: str) -> None:
    """Create the database `name` unless it exists; safe for concurrent callers."""
    connection = await asyncpg.connect(server.url("postgres", driver="postgresql"))
    try:
        if await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            return
        # Two callers may both pass the server's own check; then its unique index stops one.
        with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
            await connection.execute(f"CREATE DATABASE {_quoted(name)}")
    finally:
        await connection.close()


def _quoted(identifier: str) -> str:
    return '"{}"'.format(identifier.replace('"', '""'))
