"""A service as a person starts it: `marketplace serve`, in processes of its own."""

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2

from marketplace.kernel import postgres
from marketplace.kernel.postgres_locks import free_port

PATIENCE_SECONDS = 180.0
POLL_SECONDS = 0.05
COMPILED = tempfile.mkdtemp(prefix="compiled-")
atexit.register(shutil.rmtree, COMPILED, ignore_errors=True)


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for another process to get somewhere."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(POLL_SECONDS)


def clean_environment(**more: str) -> dict[str, str]:
    """What a process gets to know; compiled modules are kept, for each start needs them all."""
    ours = ("MARKETPLACE_", "DATABASE_URL", "PYTHONDONTWRITEBYTECODE")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    compiled = {"PYTHONPYCACHEPREFIX": COMPILED}
    return kept | compiled | {"MARKETPLACE_RATE_LIMITS": "false"} | more


def serve(
    data_dir: Path, port: int, log: Path, *arguments: str, **environment: str
) -> subprocess.Popen[bytes]:
    """Start a supervisor whose words, and those of its children, go to `log`."""
    place = ["--port", str(port), "--data-dir", str(data_dir)]
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "marketplace", "serve", *place, *arguments],
            env=clean_environment(MARKETPLACE_LOG_LEVEL="WARNING", **environment),
            cwd=log.parent,
            stderr=file,
            stdout=file,
        )


def children_of(parent: int) -> dict[str, int]:
    """The processes that a supervisor started, by the command they run."""
    found = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            pid, parent_id = (
                int(status.parent.name),
                status.read_text().rpartition(")")[2].split()[1],
            )
            words = (status.parent / "cmdline").read_bytes().split(b"\0")
            if int(parent_id) == parent and b"marketplace" in words:
                found[words[words.index(b"marketplace") + 1].decode()] = pid
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not reaped yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Service:
    """One data directory and port, with a supervisor that may be started again."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.data_dir = folder / "data"
        self.log = folder / "log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.supervisor: subprocess.Popen[bytes] | None = None
        # Made once: a client costs more than a start of the service leaves over for it.
        self._probe = httpx2.Client(base_url=self.url, timeout=5, trust_env=False)
        self.known: set[int] = set()

    @property
    def cluster(self) -> Path:
        return self.data_dir / "postgres"

    def said(self) -> str:
        return self.log.read_text()

    def start(self) -> None:
        """Start the supervisor unless one runs."""
        if self.supervisor is None or self.supervisor.poll() is not None:
            self.supervisor = serve(self.data_dir, self.port, self.log, "--example")

    def start_and_wait(self) -> None:
        self.start()
        until(self.is_ready, "the service is not ready")

    def is_ready(self) -> bool:
        assert self.supervisor is not None
        assert self.supervisor.poll() is None, self.said()
        if "api" not in self.children():
            return False
        with contextlib.suppress(httpx2.HTTPError):
            return self._probe.get("/readyz").is_success
        return False

    def children(self) -> dict[str, int]:
        assert self.supervisor is not None
        found = children_of(self.supervisor.pid)
        self.known |= set(found.values())
        return found

    def postmaster(self) -> int:
        return int((self.cluster / "data" / "postmaster.pid").read_text().partition("\n")[0])

    def kill(self, what: str) -> int:
        """End one process without a warning; returns its id."""
        assert self.supervisor is not None
        if what == "supervisor":
            self.children()
            self.supervisor.kill()
            self.supervisor.wait()
            return self.supervisor.pid
        until(lambda: what == "postgres" or what in self.children(), f"no {what} to kill")
        pid = self.postmaster() if what == "postgres" else self.children()[what]
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return pid

    def stop(self, number: int = signal.SIGINT) -> int:
        assert self.supervisor is not None
        self.children()
        self.supervisor.send_signal(number)
        return self.supervisor.wait(PATIENCE_SECONDS)

    def close(self) -> None:
        """Leave no process behind."""
        self._probe.close()
        if self.supervisor and self.supervisor.poll() is None:
            self.stop()
        if self.cluster.exists():
            postgres.stop(self.cluster, mode="immediate")

    def remains(self) -> list[int]:
        return [pid for pid in self.known if is_alive(pid)]


@contextlib.contextmanager
def service_in(folder: Path) -> Iterator[Service]:
    """A service that leaves no process behind, whatever becomes of the test."""
    with contextlib.closing(Service(folder)) as service:
        yield service
