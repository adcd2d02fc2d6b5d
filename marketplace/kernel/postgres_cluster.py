"""One directory that holds one PostgreSQL server and everything about it.

    start.lock           held by whoever starts or stops the server
    alive.lock           held by every process of the server for as long as it lives
    superuser.password   for scram over loopback TCP, the only way in
    port                 chosen once, kept while no other program listens there
    server.log           trimmed to `server.log.1` when it is long
    data/

The server inherits `alive.lock` locked, and the kernel releases it with the server's last process.
So nothing is ever guessed from a process id: a killed postmaster that nobody reaped, its id given
to another program, or backends that outlive it for a second mislead neither `start` nor `stop`.
"""

import os
import secrets
import shlex
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from marketplace.kernel.postgres_locks import (
    LOOPBACK,
    accepts,
    free_port,
    is_free,
    is_locked,
    locked,
)
from marketplace.kernel.postgres_process import EmbeddedPostgresError, Programs, account_for

SUPERUSER: Final = "postgres"
SETTLE_SECONDS: Final = 60
POLL_SECONDS: Final = 0.02
PORT_ATTEMPTS: Final = 3
LOG_TAIL_BYTES: Final = 2_000
LOG_BYTES_MAX: Final = 10_000_000
BUILT_IN_LOCALE_SINCE: Final = 17


def claim(root: Path) -> None:
    """Make `root` a private directory of the account that will run the server.

    Raises:
        EmbeddedPostgresError: it holds other files, belongs to another user, or lies where that
            account cannot enter.
    """
    root.mkdir(parents=True, exist_ok=True)
    account = account_for(root)
    names = {path.name for path in root.iterdir()}
    if names and "start.lock" not in names:
        raise EmbeddedPostgresError(f"{root} holds other files: choose another --data-dir.")
    if account:
        if closed := account.first_closed(root.parent):
            raise EmbeddedPostgresError(
                f"PostgreSQL does not run as root, and user {account.uid} cannot enter {closed}: "
                "choose another --data-dir, such as one in /var/lib, or start as ordinary user."
            )
        account.own(root)
    root.chmod(0o700)


def is_alive(root: Path) -> bool:
    """Whether any process of the server in `root` is left, be it ready or not."""
    return is_locked(root / "alive.lock")


def trim(log: Path) -> None:
    """Move a long log's content aside. The server appends, so it goes on writing at the start."""
    if not log.exists() or log.stat().st_size <= LOG_BYTES_MAX:
        return
    older = log.with_name(f"{log.name}.1")
    older.unlink(missing_ok=True)
    older.touch(0o600)
    shutil.copyfile(log, older)
    os.truncate(log, 0)


@dataclass(frozen=True, slots=True)
class Cluster:
    """The server of one directory. Its methods are for the holder of `start.lock` alone."""

    root: Path
    programs: Programs

    def port(self) -> int:
        return int((self.root / "port").read_text())

    def password(self) -> str:
        return (self.root / "superuser.password").read_text().strip()

    def initialize(self, starting: int) -> None:
        """Create `data` unless it exists. Only a finished one gets that name, so none is half.

        `initdb` inherits the locked descriptor `starting`: should this process be killed, nobody
        else begins anew before its `initdb` has ended too.
        """
        data, unfinished = self.root / "data", self.root / "data.new"
        if data.exists():
            return
        shutil.rmtree(unfinished, ignore_errors=True)
        self._write("superuser.password", secrets.token_urlsafe(24))
        self.programs.run(
            "initdb",
            f"--pgdata={unfinished.name}",
            f"--username={SUPERUSER}",
            "--pwfile=superuser.password",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--data-checksums",
            *_locale(self.programs.major_version()),
            keep_open=[starting],
        )
        unfinished.rename(data)
        _sync_directory(self.root)

    def settles(self) -> bool:
        """Wait until the server accepts connections (True) or no process of it is left (False).

        Raises:
            EmbeddedPostgresError: neither within a minute.
        """
        deadline = time.monotonic() + SETTLE_SECONDS
        while is_alive(self.root):
            if accepts(self.port(), SUPERUSER):
                return True
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"PostgreSQL in {self.root} is still recovering, or processes of a killed "
                    f"server are still busy: try again, or end them. {self._log_tail()}"
                )
            time.sleep(POLL_SECONDS)
        return False

    def launch(self, settings: Mapping[str, str]) -> None:
        """Start the server, of which no process is left, and wait until it accepts connections."""
        self._check_version()
        for _ in range(PORT_ATTEMPTS):
            port = self._choose_port()
            self._spawn({**settings, "port": str(port)})
            if self.settles():
                return
            if is_free(port):
                break
            # Another program took the port between the choice and the start: choose again.
        raise EmbeddedPostgresError(f"PostgreSQL in {self.root} fails to start. {self._log_tail()}")

    def stop(self, mode: str) -> None:
        if self.settles():
            seconds = str(SETTLE_SECONDS)
            self.programs.run("pg_ctl", "stop", "-D", "data", "-m", mode, "-t", seconds)
            self.settles()

    def _check_version(self) -> None:
        made_by = int((self.root / "data" / "PG_VERSION").read_text())
        installed = self.programs.major_version()
        if made_by != installed:
            raise EmbeddedPostgresError(
                f"{self.root} was made by PostgreSQL {made_by}, but {self.programs.directory} is "
                f"{installed}: install {made_by}, or restore a dump into another --data-dir."
            )

    def _choose_port(self) -> int:
        with suppress(FileNotFoundError):
            if is_free(self.port()):
                return self.port()
        port = free_port()
        self._write("port", str(port))
        return port

    def _spawn(self, settings: Mapping[str, str]) -> None:
        options = {**settings, "listen_addresses": LOOPBACK, "unix_socket_directories": ""}
        line = " ".join(f"-c {shlex.quote(f'{key}={value}')}" for key, value in options.items())
        start = ("pg_ctl", "start", "--no-wait", "-D", "data", "-l", "server.log", "-o", line)
        trim(self.root / "server.log")
        with locked(self.root / "alive.lock") as alive:
            # Stale, since nobody lives; PostgreSQL would obey it if its process id is used again.
            (self.root / "data" / "postmaster.pid").unlink(missing_ok=True)
            self.programs.run(*start, keep_open=[alive])

    def _write(self, name: str, text: str) -> None:
        """Write a file of mode 0600 that is whole or absent, even after a power cut."""
        unfinished = self.root / f"{name}.new"
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(descriptor)
        if self.programs.account:
            self.programs.account.own(unfinished)
        unfinished.rename(self.root / name)
        _sync_directory(self.root)

    def _log_tail(self) -> str:
        log = self.root / "server.log"
        tail = log.read_bytes()[-LOG_TAIL_BYTES:] if log.exists() else b""
        return f"{log} ends with:\n{tail.decode(errors='replace')}"


def _locale(major_version: int) -> list[str]:
    """Sort by code point, the same on every system; classify characters by Unicode.

    The C library's locale is UTF-8 even beside the built-in provider: pg_trgm still asks it what
    a letter is, and finds no trigram in Korean or Chinese under plain `C`.
    """
    library = ["--locale=C.UTF-8", "--lc-messages=C"]
    if major_version < BUILT_IN_LOCALE_SINCE:
        return library
    return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", *library]


def _sync_directory(directory: Path) -> None:
    """Make the names in a directory as durable as the files they name."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
