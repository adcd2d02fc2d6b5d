"""Who holds a lock file, and who listens on a port."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

LOOPBACK: Final = "127.0.0.1"


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """Hold the lock of `path` until the descriptor yielded and every copy of it are closed.

    A child process that inherits the descriptor goes on holding the lock after this block.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def is_locked(path: Path) -> bool:
    """Whether some process holds the lock of `path`; a file that does not exist is not locked."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        # Shared, so that those who only look do not see each other.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def free_port() -> int:
    """A TCP port on which nobody listens at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Whether PostgreSQL could listen on a port of the loopback address."""
    with socket.socket() as probe:
        # PostgreSQL does the same, so that connections of its predecessor do not block it.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def accepts(port: int, user: str) -> bool:
    """Whether a PostgreSQL on this port takes connections, rather than starting or stopping.

    Source: PostgreSQL manual, "Message Formats", StartupMessage of protocol 3.0; error 57P03.
    """
    body = (3 << 16).to_bytes(4, "big") + f"user\0{user}\0\0".encode()
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1) as connection:
            connection.sendall((4 + len(body)).to_bytes(4, "big") + body)
            answer = connection.recv(1024)
    except OSError:
        return False
    # Any other error, such as too many clients, comes from a server at work.
    return answer.startswith((b"R", b"E")) and b"C57P03\0" not in answer
