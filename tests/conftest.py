"""Real PostgreSQL, real migrations. A test sees its own transaction, or a database of its own."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import structlog
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.ext.asyncio import async_sessionmaker as make_sessions

from marketplace.app import create_app
from marketplace.kernel import postgres
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.crypto import create_key_file, load_keyring
from marketplace.kernel.db import Sessions, create_engine
from marketplace.kernel.kept_pages import FRESH_SECONDS, KeptPages
from marketplace.kernel.postgres import EmbeddedPostgres
from marketplace.migrating import upgrade
from marketplace.search.reader import IndexReader
from marketplace.settings import Settings
from tests.factories.world import World

# The default renderer draws every local variable of every frame, for seconds a failure.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)

UNHINDERED = {
    "requests_per_minute": 10_000_000,
    "anonymous_requests_per_minute": 10_000_000,
    "sign_ins_per_minute": 10_000_000,
}
"""Every request is counted, and none is too many."""
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A directory that the account of the embedded server can enter, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="marketplace-tests-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def server(folder: Path) -> Iterator[EmbeddedPostgres]:
    yield postgres.start(folder / "postgres", settings=FAST)
    postgres.stop(folder / "postgres", mode="immediate")


def _settings(server: EmbeddedPostgres, database: str, folder: Path) -> Settings:
    found = {"database_url": SecretStr(server.url(database)), "data_dir": folder} | UNHINDERED
    return Settings(_env_file=None).model_copy(update=found)


@pytest.fixture(scope="session")
def template(server: EmbeddedPostgres, folder: Path) -> str:
    """A database migrated from empty, which every other one is a copy of."""
    asyncio.run(postgres.ensure_database(server, "template_marketplace"))
    upgrade(_settings(server, "template_marketplace", folder))
    return "template_marketplace"


async def clone(server: EmbeddedPostgres, template: str, name: str) -> None:
    await _administer(server, f"CREATE DATABASE {name} TEMPLATE {template}")


@asynccontextmanager
async def copy_of(server: EmbeddedPostgres, template: str, name: str) -> AsyncIterator[None]:
    """A database for a while: each is a thousand files, which would be many in the end."""
    await clone(server, template, name)
    yield
    await _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


async def _administer(server: EmbeddedPostgres, statement: str) -> None:
    admin = create_async_engine(
        server.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool
    )
    async with admin.connect() as connection:
        await connection.execute(text(statement))
    await admin.dispose()


@asynccontextmanager
async def new_world(
    server: EmbeddedPostgres, template: str, folder: Path, name: str, clock: ShiftedClock
) -> AsyncIterator[World]:
    """A service on a database of its own, which goes with it."""
    settings = _settings(server, name, folder / name)
    async with copy_of(server, template, name), opened(settings, clock) as world:
        yield world


@asynccontextmanager
async def opened(settings: Settings, clock: ShiftedClock) -> AsyncIterator[World]:
    world = await World.open(settings, clock)
    yield world
    await world.close()


@pytest.fixture(scope="session")
async def engine(server: EmbeddedPostgres, template: str) -> AsyncIterator[AsyncEngine]:
    await clone(server, template, "shared")
    engine = create_engine(server.url("shared"), pool_size=2)
    yield engine
    await engine.dispose()


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
async def connection(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One connection, one outer transaction, thrown away after the test."""
    async with engine.connect() as connection:
        outer = await connection.begin()
        yield connection
        await outer.rollback()


@pytest.fixture
def sessions(connection: AsyncConnection, clock: ShiftedClock) -> Sessions:
    """Sessions whose commits are savepoints inside the test's outer transaction."""
    return make_sessions(
        connection,
        expire_on_commit=False,
        join_transaction_mode="create_savepoint",
        info={"clock": clock},
    )


class ConnectionReads:
    """Hot reads inside the test's own transaction."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    async def value(self, statement: str, *arguments: Any) -> Any:
        return await self._driver.fetchval(statement, *arguments)

    async def row(self, statement: str, *arguments: Any) -> Any:
        return await self._driver.fetchrow(statement, *arguments)

    async def rows(self, statement: str, *arguments: Any) -> Any:
        return await self._driver.fetch(statement, *arguments)


class ConnectionWrites:
    """Hot writes as savepoints inside the test's own transaction."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    async def execute(self, statement: str, *arguments: Any) -> None:
        async with self._driver.transaction():
            await self._driver.execute(statement, *arguments)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        async with self._driver.transaction():
            yield self._driver


@pytest.fixture(scope="session")
def built_app(server: EmbeddedPostgres, folder: Path) -> FastAPI:
    """The service, built once; each test gives it a database."""
    settings = _settings(server, "shared", folder).model_copy(update={"log_requests": False})
    app = create_app(settings, connect=False)
    create_key_file(folder / "master.keys")
    app.state.keyring = load_keyring(folder / "master.keys")
    return app


@pytest.fixture
async def app(
    built_app: FastAPI, connection: AsyncConnection, sessions: Sessions, folder: Path
) -> FastAPI:
    raw = await connection.get_raw_connection()
    built_app.state.sessions = sessions
    built_app.state.reads = ConnectionReads(raw.driver_connection)
    built_app.state.writes = ConnectionWrites(raw.driver_connection)
    built_app.state.index = IndexReader(folder / "no-index")
    built_app.state.register_index = IndexReader(folder / "no-index")
    built_app.state.pages = waiting_pages()
    return built_app


def client_of(app: FastAPI) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app, raise_app_exceptions=True)
    return httpx2.AsyncClient(transport=transport, base_url="http://test")


def waiting_pages(fresh_seconds: float = FRESH_SECONDS) -> KeptPages:
    """Pages that are not made beside their answers: here all share one connection."""
    return KeptPages(fresh_seconds=fresh_seconds, stale_seconds=0)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(app) as client:
        yield client


@pytest.fixture
async def world(
    server: EmbeddedPostgres, template: str, folder: Path, clock: ShiftedClock
) -> AsyncIterator[World]:
    """A service on a database of its own: real commits, real events, a worker that is stepped."""
    async with new_world(server, template, folder, f"world_{uuid4().hex}", clock) as world:
        yield world
