"""`marketplace serve`: database, API and worker as one tree of processes.

Whatever dies is started again; when the supervisor itself is killed, its children end by
themselves, and the embedded database keeps what it acknowledged and is found again.
"""

import asyncio
import contextlib
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import httpx2
from pydantic import SecretStr

from marketplace.kernel import postgres
from marketplace.kernel.errors import ConflictError, NotFoundError
from marketplace.kernel.holding import InUseError, held_alone, held_together
from marketplace.kernel.parents import PARENT_VARIABLE
from marketplace.kernel.postgres import EmbeddedPostgresError
from marketplace.kernel.postgres_process import account_for
from marketplace.settings import Settings

SLOW_SECONDS: Final = 30.0
STOP_SECONDS: Final = 15.0
WATCH_SECONDS: Final = 0.25
RESTART_SECONDS: Final = 1.0
EVERY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - only to be named

Say = Callable[[str], None]


class NoDatabaseError(NotFoundError):
    code = "no_database"
    title = "There is no database"


class AddressUnusableError(ConflictError):
    code = "address_unusable"
    title = "The service cannot listen there"


def usable_data_dir(wanted: Path, say: Say) -> Path:
    """The data directory; elsewhere when root's home would hide it from the database's account."""
    wanted = wanted.absolute()
    wanted.mkdir(parents=True, exist_ok=True)
    account = account_for(wanted)
    if account is None or account.first_closed(wanted) is None:
        return wanted
    name = hashlib.sha256(str(wanted).encode()).hexdigest()[:12]
    other = Path("/var/lib/marketplace") / name
    other.mkdir(parents=True, exist_ok=True)
    say(f"{wanted} is closed to the account that runs PostgreSQL, so data goes to {other}")
    return other


def with_data_dir(settings: Settings, say: Say) -> Settings:
    """The settings with a data directory that exists, and that the database can use if it must."""
    data_dir = settings.data_dir.absolute()
    data_dir.mkdir(parents=True, exist_ok=True)
    if settings.database_url is None:
        data_dir = usable_data_dir(data_dir, say)
    return settings.model_copy(update={"data_dir": data_dir})


def with_database(settings: Settings, say: Say) -> Settings:
    """The settings with the data directory of a database that exists already.

    A proof must not pass because its directory was mistyped and an empty database made there.

    Raises:
        NoDatabaseError: there is none.
    """
    if settings.database_url is None:
        wanted = settings.data_dir.absolute()
        found = usable_data_dir(wanted, say) if wanted.exists() else wanted
        if not postgres.exists(found / "postgres"):
            raise NoDatabaseError(
                f"no database in {found}: correct --data-dir, or make one with `marketplace serve`"
                " or `marketplace migrate`"
            )
    return with_data_dir(settings, say)


@contextlib.contextmanager
def running_database(settings: Settings, say: Say) -> Iterator[Settings]:
    """Use `DATABASE_URL`, or the embedded PostgreSQL of the data directory.

    That one is started when it is not running, and stopped by the last of its users, so that a
    command beside a running service leaves it alone, and a command on its own leaves nothing.
    """
    if settings.database_url is not None:
        say("using the PostgreSQL of DATABASE_URL")
        yield settings
        return
    root = settings.data_dir / "postgres"
    with held_together(settings.data_dir / "users.lock") as is_last:
        try:
            yield _with_embedded(settings, root, say)
        finally:
            if is_last():
                postgres.stop(root)


def _with_embedded(settings: Settings, root: Path, say: Say) -> Settings:
    if not postgres.is_running(root):
        say(f"starting PostgreSQL in {root} …")
    server = postgres.start(root)
    asyncio.run(postgres.ensure_database(server, "marketplace"))
    return settings.model_copy(update={"database_url": SecretStr(server.url())})


@contextlib.contextmanager
def sole_service(settings: Settings, say: Say) -> Iterator[int]:
    """Be the only service of the data directory; yields the lock that its processes inherit.

    Raises:
        InUseError: another service uses the directory.
    """
    with contextlib.ExitStack() as locks:
        try:
            locks.enter_context(held_alone(settings.data_dir / "service.lock"))
        except InUseError:
            raise InUseError(
                f"another `marketplace serve` uses {settings.data_dir}: stop it, or choose another"
                " --data-dir"
            ) from None
        yield locks.enter_context(_no_orphans(settings.data_dir / "processes.lock", say))


@contextlib.contextmanager
def _no_orphans(path: Path, say: Say) -> Iterator[int]:
    """Wait for the processes of a killed service, which end by themselves."""
    try:
        with held_alone(path):
            pass
    except InUseError:
        say("waiting for the processes of a killed service to end …")
    with held_alone(path, wait_seconds=2 * STOP_SECONDS) as lock:
        yield lock


def usable_port(host: str, port: int) -> int:
    """The port, checked to be free; a free one for port 0.

    Raises:
        AddressUnusableError: another program listens there, or the address is not ours.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # The server does the same: connections of its predecessor do not block it.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise AddressUnusableError(
                f"cannot listen on {host} port {port} ({error.strerror}): choose another with"
                " --host or --port"
            ) from error
        found: int = probe.getsockname()[1]
        return found


class Supervisor:
    """Starts the children, watches them, and stops them in order."""

    def __init__(self, settings: Settings, *, embedded: bool, lock: int, say: Say) -> None:
        """Supervise a service.

        Args:
            settings: with the database that runs.
            embedded: whether that is the data directory's own, and started again when it dies.
            lock: a descriptor that the children inherit, so that its holder knows of them.
            say: tells the person at the terminal.
        """
        self._settings = settings
        self._embedded = embedded
        self._lock = lock
        self._say = say
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._started: dict[str, float] = {}
        self._stopping = False

    @property
    def url(self) -> str:
        host = EVERY_ADDRESS.get(self._settings.host, self._settings.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self._settings.port}"

    def run(self, when_ready: Callable[[str], None] | None = None) -> int:
        """Serve until a signal asks to stop; 0 when all ended well."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        self._say("starting API and worker …")
        try:
            for name in ("api", "worker"):
                self._start(name)
            if self._wait_until_ready():
                self._say(f"ready: {self.url}  (API documentation: {self.url}/docs)")
                if when_ready:
                    when_ready(self.url)
            while not self._stopping:
                self._revive()
                postgres.trim_log(self._settings.data_dir / "postgres")
                time.sleep(WATCH_SECONDS)
        finally:
            self._end()
        return 0

    def _start(self, name: str) -> None:
        command = [sys.executable, "-m", "marketplace", name]
        self._started[name] = time.monotonic()
        # In a session of their own: Ctrl-C reaches the supervisor alone, which ends them in order.
        self._children[name] = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            env=_environment(self._settings),
            pass_fds=[self._lock],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _stop(self, _: int, __: types.FrameType | None) -> None:
        self._stopping = True

    def _wait_until_ready(self) -> bool:
        slow_at = time.monotonic() + SLOW_SECONDS
        with httpx2.Client(timeout=2, trust_env=False) as client:
            while not self._stopping:
                missing = self._missing(client)
                if missing is None:
                    return True
                self._revive()
                time.sleep(WATCH_SECONDS / 2)
                if time.monotonic() > slow_at:
                    self._say(f"still waiting: {missing}")
                    slow_at += SLOW_SECONDS
        return False

    def _missing(self, client: httpx2.Client) -> str | None:
        """What keeps the API from answering; None when it answers."""
        try:
            answer = client.get(f"{self.url}/readyz")
        except httpx2.TimeoutException:
            return f"the API at {self.url} listens, but does not answer within two seconds"
        except httpx2.HTTPError:
            return f"the API does not listen at {self.url} yet: it is being loaded, or has failed"
        if answer.is_success:
            return None
        return f"the API answers {answer.status_code}: its database cannot be asked"

    def _revive(self) -> None:
        """Start again whatever is gone, but no child more often than once a second."""
        if self._embedded and not postgres.is_running(self._settings.data_dir / "postgres"):
            self._revive_database()
        for name, child in self._children.items():
            code = child.poll()
            if code is None or time.monotonic() - self._started[name] < RESTART_SECONDS:
                continue
            self._say(f"{name} ended with {code}; starting it again")
            self._start(name)

    def _revive_database(self) -> None:
        self._say("PostgreSQL is gone; starting it again …")
        try:
            server = postgres.start(self._settings.data_dir / "postgres")
        except EmbeddedPostgresError as error:
            self._say(f"{error}\ntrying again …")
            return
        url = SecretStr(server.url())
        if url != self._settings.database_url:
            # Its port was taken meanwhile: the children learn of the new one by a new start.
            self._settings = self._settings.model_copy(update={"database_url": url})
            self._end_children()

    def _end(self) -> None:
        self._say("stopping …")
        self._end_children()

    def _end_children(self) -> None:
        for child in self._children.values():
            child.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for child in self._children.values():
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _environment(settings: Settings) -> Mapping[str, str]:
    """Hand the children the same configuration, with the database that was found."""
    assert settings.database_url is not None
    return {
        **os.environ,
        PARENT_VARIABLE: str(os.getpid()),
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "MARKETPLACE_DATA_DIR": str(settings.data_dir),
        "MARKETPLACE_HOST": settings.host,
        "MARKETPLACE_PORT": str(settings.port),
    }
