"""The programs under load, each a process of its own: the product, and the floor of reading."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from marketplace.kernel.crypto import create_key_file
from marketplace.settings import Settings

READY_SECONDS: Final = 30
HOST: Final = "127.0.0.1"
LIMIT: Final = str(100_000_000)

Process = subprocess.Popen[bytes]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def product(settings: Settings, *, log_requests: bool = False, **more: str) -> Iterator[str]:
    """Run the API with one worker, and more variables; gives its address."""
    port = _free_port()
    changed = {"MARKETPLACE_PORT": str(port), "MARKETPLACE_LOG_REQUESTS": str(log_requests)}
    with _running(["marketplace", "api"], _environment(settings) | changed | more) as process:
        yield _answering(process, port, "/readyz")


@contextmanager
def worker(settings: Settings) -> Iterator[None]:
    """Run the background work: it folds statistics, delivers events and watches the clocks."""
    with _running(["marketplace", "worker"], _environment(settings)):
        yield


@contextmanager
def raw(settings: Settings) -> Iterator[str]:
    """Run the floor of reading with one worker; gives its address."""
    with _floor(settings, "raw", "/list") as url:
        yield url


@contextmanager
def bare(settings: Settings) -> Iterator[str]:
    """Run the floor of the inbox with one worker; gives its address."""
    with _floor(settings, "inbox", "/") as url:
        yield url


@contextmanager
def page_floor(settings: Settings, page_bytes: str) -> Iterator[str]:
    """Run the floor of the front page with one worker; gives its address."""
    with _floor(settings, "page", "/", PAGE_BYTES=page_bytes) as url:
        yield url


@contextmanager
def _floor(settings: Settings, name: str, path: str, **more: str) -> Iterator[str]:
    port = _free_port()
    command = ["uvicorn", f"benchmarks.floors.{name}:app", "--port", str(port)]
    command += ["--no-access-log", "--log-level", "error"]
    with _running(command, _environment(settings) | more) as process:
        yield _answering(process, port, path)


@contextmanager
def guarded(settings: Settings) -> Iterator[str]:
    """Run the product with the routes that measure the check of credentials; gives its address."""
    if not settings.keys_path.exists():
        create_key_file(settings.keys_path)  # as `marketplace api` does for a new database
    port = _free_port()
    command = ["uvicorn", "--factory", "benchmarks.floors.guarded:build", "--port", str(port)]
    command += ["--no-access-log", "--log-level", "error"]
    changed = {"MARKETPLACE_PORT": str(port), "MARKETPLACE_LOG_REQUESTS": "false"}
    with _running(command, _environment(settings) | changed) as process:
        yield _answering(process, port, "/readyz")


def _environment(settings: Settings) -> dict[str, str]:
    data_dir = str(settings.data_dir)
    return {
        "DATABASE_URL": settings.asyncpg_url(),
        "MARKETPLACE_DATA_DIR": data_dir,
        # The load comes from one address: limits are counted, which is part of the cost, and high.
        "MARKETPLACE_REQUESTS_PER_MINUTE": LIMIT,
        "MARKETPLACE_ANONYMOUS_REQUESTS_PER_MINUTE": LIMIT,
        "MARKETPLACE_SIGN_INS_PER_MINUTE": LIMIT,
    }


@contextmanager
def _running(module: list[str], environment: dict[str, str]) -> Iterator[Process]:
    with subprocess.Popen(
        [sys.executable, "-m", *module], env=os.environ | environment, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def _answering(process: Process, port: int, path: str) -> str:
    """Wait until a server answers a path; returns its address."""
    url = f"http://{HOST}:{port}"
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url + path, timeout=5):  # noqa: S310 - our own address
                return url
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{url}{path} does not answer")
