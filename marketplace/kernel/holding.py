"""File locks that tell who uses a directory.

The operating system releases a lock with the last process that holds it, however that one ended:
nothing is ever guessed from a process id.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from marketplace.kernel.errors import ConflictError

POLL_SECONDS: Final = 0.05


class InUseError(ConflictError):
    code = "in_use"
    title = "Another process uses this directory"


@contextmanager
def held_alone(path: Path, *, wait_seconds: float = 0) -> Iterator[int]:
    """Hold the lock of `path` alone. A child that inherits the descriptor goes on holding it.

    Raises:
        InUseError: somebody else holds it, and did not let go in time.
    """
    descriptor = _open(path)
    try:
        deadline = time.monotonic() + wait_seconds
        while not _take(descriptor, fcntl.LOCK_EX):
            if time.monotonic() >= deadline:
                raise InUseError(f"another process holds {path}")
            time.sleep(POLL_SECONDS)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def held_together(path: Path) -> Iterator[Callable[[], bool]]:
    """Hold the lock of `path` with others; ask what is yielded, at the end, if they are gone.

    Told yes, one holds it alone until this block ends, and newcomers wait. Told no, one has let go.
    """
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield partial(_take, descriptor, fcntl.LOCK_EX)
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def _take(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
