import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import pytest

from marketplace.kernel import postgres_cluster
from marketplace.kernel.postgres import (
    EmbeddedPostgres,
    EmbeddedPostgresError,
    binaries,
    ensure_database,
    is_running,
    start,
    stop,
    trim_log,
)

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
START_IN_ANOTHER_PROCESS = """
import sys
from pathlib import Path
from marketplace.kernel.postgres import start
print(start(Path(sys.argv[1]), settings={"fsync": "off"}).url())
"""


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    """Not in `tmp_path`: the account that root hands the server to cannot enter that."""
    path = Path(tempfile.mkdtemp(prefix="marketplace-postgres-"))
    yield path
    stop(path, mode="immediate")
    shutil.rmtree(path)


@pytest.fixture
def server(root: Path) -> EmbeddedPostgres:
    return start(root, settings=FAST)


def another_start(root: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", START_IN_ANOTHER_PROCESS, str(root)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def postmaster(root: Path) -> int:
    return int((root / "data" / "postmaster.pid").read_text().partition("\n")[0])


@asynccontextmanager
async def connected(
    server: EmbeddedPostgres, database: str = "postgres"
) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(server.url(database, driver="postgresql"))
    try:
        yield connection
    finally:
        await connection.close()


def test_several_processes_that_start_at_once_get_one_server(root: Path) -> None:
    starters = [another_start(root) for _ in range(3)]
    urls = {starter.communicate()[0].strip() for starter in starters}

    assert urls == {start(root).url()}
    assert [starter.returncode for starter in starters] == [0, 0, 0]
    log = (root / "server.log").read_text()
    assert log.count("database system is ready to accept connections") == 1


def test_a_warm_start_returns_the_same_server(server: EmbeddedPostgres) -> None:
    before = postmaster(server.root)

    assert start(server.root) == server
    assert postmaster(server.root) == before
    assert server.password not in repr(server)


async def test_a_new_cluster_is_private_checksummed_and_reads_korean(
    server: EmbeddedPostgres,
) -> None:
    async with connected(server) as connection:
        await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        shown = await connection.fetchrow(
            """
            SELECT current_setting('data_checksums'), current_setting('listen_addresses'),
                   current_setting('unix_socket_directories'), current_setting('max_connections'),
                   current_setting('shared_buffers'), current_setting('timezone'),
                   similarity('특허', '특허청') > 0.3, lower('ÉCOLE')
            """
        )
    assert shown is not None
    assert tuple(shown) == ("on", "127.0.0.1", "", "100", "256MB", "UTC", True, "école")

    modes = {name: (server.root / name).stat().st_mode & 0o777 for name in ("", "data")}
    assert modes == {"": 0o700, "data": 0o700}
    assert (server.root / "superuser.password").stat().st_mode & 0o777 == 0o600
    assert (server.root / "data").stat().st_uid != 0

    guess = EmbeddedPostgres(server.root, server.port, "guess")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(guess.url("postgres", driver="postgresql"))


async def test_ensure_database_takes_any_name_and_concurrent_callers(
    server: EmbeddedPostgres,
) -> None:
    name = 'an "odd" name/발명'
    await asyncio.gather(*(ensure_database(server, name) for _ in range(4)))

    async with connected(server, name) as connection:
        assert await connection.fetchval("SELECT current_database()") == name


async def test_no_acknowledged_row_is_lost_when_the_postmaster_is_killed(root: Path) -> None:
    stop(root)
    server = start(root)
    acknowledged: list[int] = []

    async def write(writer: int) -> None:
        async with connected(server) as connection:
            for number in range(writer, sys.maxsize, 4):
                await connection.execute("INSERT INTO survivor VALUES ($1)", number)
                acknowledged.append(number)

    async with connected(server) as connection:
        assert await connection.fetchval("SHOW fsync") == "on"
        await connection.execute("CREATE TABLE survivor (number bigint PRIMARY KEY)")
    for _ in range(2):
        writers = [asyncio.create_task(write(len(acknowledged) * 4 + i)) for i in range(4)]
        await asyncio.sleep(0.3)
        os.kill(postmaster(root), signal.SIGKILL)
        # In a thread, so that clients go on writing through what is left of the old server.
        assert await asyncio.to_thread(start, root) == server
        await asyncio.gather(*writers, return_exceptions=True)

    async with connected(server) as connection:
        rows = await connection.fetch("SELECT number FROM survivor")
    assert len(acknowledged) > 100
    assert set(acknowledged) <= {row["number"] for row in rows}


def test_a_stale_process_id_and_a_taken_port_do_not_stop_a_start(root: Path) -> None:
    before = start(root, settings=FAST)
    stop(root)
    assert not is_running(root)
    (root / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{root / 'data'}\n")

    with socket.socket() as other_program:
        other_program.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other_program.bind(("127.0.0.1", before.port))
        other_program.listen()
        after = start(root, settings=FAST)

    assert after.port != before.port
    assert is_running(root)
    stop(root)
    assert start(root, settings=FAST) == after


def test_a_setting_that_postgres_refuses_is_told_at_once(root: Path) -> None:
    stop(root)
    with pytest.raises(EmbeddedPostgresError, match="max_connections"):
        start(root, settings={"max_connections": "many"})
    assert not is_running(root)


def test_an_initialization_cut_short_is_done_again() -> None:
    fresh = Path(tempfile.mkdtemp(prefix="marketplace-postgres-"))
    try:
        with another_start(fresh) as starter:
            while not (fresh / "data.new").exists():
                time.sleep(0.01)
            starter.kill()
        abandoned = (fresh / "superuser.password").read_text().strip()

        server = start(fresh, settings=FAST)

        assert is_running(fresh)
        assert server.password != abandoned
        assert not (fresh / "data.new").exists()
    finally:
        stop(fresh, mode="immediate")
        shutil.rmtree(fresh)


def test_a_directory_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("mine")
    mode = tmp_path.stat().st_mode

    with pytest.raises(EmbeddedPostgresError, match="choose another --data-dir"):
        start(tmp_path)

    assert tmp_path.stat().st_mode == mode
    assert not is_running(tmp_path / "absent")
    stop(tmp_path / "absent")
    assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another account")
def test_root_is_told_which_directory_is_closed_to_the_server(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    outermost = next(
        path for path in (*reversed(closed.parents), closed) if not path.stat().st_mode & 1
    )

    with pytest.raises(EmbeddedPostgresError, match=f"cannot enter {outermost}: choose another"):
        start(closed / "database")


def test_the_newest_installed_postgres_stands_in_for_the_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    for major in ("9.6", "14", "15", "16", "17", "common"):
        (tmp_path / major / "bin").mkdir(parents=True)
    for major in ("9.6", "14", "15", "16"):
        (tmp_path / major / "bin" / "postgres").touch()

    assert binaries(tmp_path) == (tmp_path / "16" / "bin").resolve()
    with pytest.raises(EmbeddedPostgresError, match="DATABASE_URL"):
        binaries(tmp_path / "nowhere")


async def test_the_log_tells_nothing_that_people_wrote(server: EmbeddedPostgres) -> None:
    private = "ada@example.com"
    before = (server.root / "server.log").stat().st_size
    connection = await asyncpg.connect(server.url("postgres", driver="postgresql"))
    try:
        await connection.execute("CREATE TEMPORARY TABLE person (email text UNIQUE)")
        for _ in range(2):
            with suppress(asyncpg.UniqueViolationError):
                await connection.execute(f"INSERT INTO person VALUES ('{private}')")  # noqa: S608
    finally:
        await connection.close()

    told = (server.root / "server.log").read_text()[before:]
    assert "duplicate key value violates unique constraint" in told
    assert private not in told


async def test_a_long_log_is_set_aside_while_the_server_goes_on(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = server.root / "server.log"
    monkeypatch.setattr(postgres_cluster, "LOG_BYTES_MAX", 10)
    content = log.read_text()

    trim_log(server.root)

    assert log.with_name("server.log.1").read_text() == content
    assert log.stat().st_size == 0
    connection = await asyncpg.connect(server.url("postgres", driver="postgresql"))
    with suppress(asyncpg.DivisionByZeroError):
        await connection.fetchval("SELECT 1 / 0")
    await connection.close()
    assert "division by zero" in log.read_text()[:200]
