"""Waiting for what the worker does."""

import time
from collections.abc import Callable
from typing import Final

WAIT_SECONDS: Final = 180.0


class DemoError(Exception):
    """The demonstration cannot go on; the message says where it stopped."""


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Wait until something is true.

    Raises:
        DemoError: it did not become true in three minutes.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise DemoError(f"{what} did not come within {WAIT_SECONDS:.0f} s")
        time.sleep(0.1)
