"""`marketplace serve`: database, API and worker as one tree of processes.

Whatever dies is started again; when the supervisor itself is killed, its children end by
themselves, and the embedded database keeps what it acknowledged and is found again.
"""

import asyncio
import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import time
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import httpx2
from pydantic import SecretStr

from marketplace.kernel import postgres
from marketplace.kernel.postgres_process import account_for
from marketplace.settings import Settings

READY_SECONDS: Final = 60.0
STOP_SECONDS: Final = 15.0
WATCH_SECONDS: Final = 0.5

Say = Callable[[str], None]


def usable_data_dir(wanted: Path, say: Say) -> Path:
    """The data directory; elsewhere when root's home would hide it from the database's account."""
    wanted = wanted.absolute()
    wanted.mkdir(parents=True, exist_ok=True)
    account = account_for(wanted)
    if account is None or account.first_closed(wanted) is None:
        return wanted
    name = hashlib.sha256(str(wanted).encode()).hexdigest()[:12]
    other = Path("/var/lib/marketplace") / name
    say(f"{wanted} is closed to the account that runs PostgreSQL, so data goes to {other}")
    return other


def start_database(settings: Settings, say: Say) -> Settings:
    """Use `DATABASE_URL`, or start the embedded PostgreSQL of the data directory."""
    if settings.database_url is not None:
        say("using the PostgreSQL of DATABASE_URL")
        return settings
    data_dir = usable_data_dir(settings.data_dir, say)
    say(f"starting PostgreSQL in {data_dir / 'postgres'} …")
    server = postgres.start(data_dir / "postgres")
    asyncio.run(postgres.ensure_database(server, "marketplace"))
    found = {"database_url": SecretStr(server.url()), "data_dir": data_dir}
    return settings.model_copy(update=found)


class Supervisor:
    """Starts the children, watches them, and stops them in order."""

    def __init__(self, settings: Settings, *, embedded: bool, say: Say) -> None:
        self._settings = settings
        self._embedded = embedded
        self._say = say
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._stopping = False

    @property
    def url(self) -> str:
        return f"http://{self._settings.host}:{self._settings.port}"

    def run(self, when_ready: Callable[[str], None] | None = None) -> int:
        """Serve until a signal asks to stop; 0 when all ended well."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        for name in ("worker", "api"):
            self._start(name)
        try:
            if self._wait_until_ready():
                self._say(f"ready: {self.url}  (API documentation: {self.url}/docs)")
                if when_ready:
                    when_ready(self.url)
            self._watch()
        finally:
            self._end()
        return 0

    def _start(self, name: str) -> None:
        command = [sys.executable, "-m", "marketplace", name]
        # In a session of their own: Ctrl-C reaches the supervisor alone, which ends them in order.
        self._children[name] = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command, env=_environment(self._settings), start_new_session=True
        )

    def _stop(self, _: int, __: types.FrameType | None) -> None:
        self._stopping = True

    def _wait_until_ready(self) -> bool:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and not self._stopping:
            with contextlib.suppress(httpx2.HTTPError):
                if httpx2.get(f"{self.url}/readyz", timeout=2).is_success:
                    return True
            self._revive()
            time.sleep(0.1)
        return False

    def _watch(self) -> None:
        while not self._stopping:
            self._revive()
            time.sleep(WATCH_SECONDS)

    def _revive(self) -> None:
        """Start again whatever is gone; the pause of the watch bounds how often."""
        root = self._settings.data_dir / "postgres"
        if self._embedded and not postgres.is_running(root):
            self._say("PostgreSQL is gone; starting it again …")
            postgres.start(root)
        for name, child in list(self._children.items()):
            if child.poll() is not None and not self._stopping:
                self._say(f"{name} ended with {child.returncode}; starting it again")
                self._start(name)

    def _end(self) -> None:
        self._say("stopping …")
        for child in self._children.values():
            child.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for child in self._children.values():
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if self._embedded:
            postgres.stop(self._settings.data_dir / "postgres")
        self._say("stopped")


def _environment(settings: Settings) -> Mapping[str, str]:
    """Hand the children the same configuration, with the database that was found."""
    assert settings.database_url is not None
    return {
        **os.environ,
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "MARKETPLACE_DATA_DIR": str(settings.data_dir),
        "MARKETPLACE_HOST": settings.host,
        "MARKETPLACE_PORT": str(settings.port),
    }
