"""What can go wrong on the way, chosen by the test for the next calls."""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    ERROR = "error"
    """Nothing was done, and a 500 says so."""
    ERROR_AFTER = "error_after"
    """It was done, and a 500 says otherwise."""
    RESET = "reset"
    """The connection breaks before anything was done."""
    RESET_AFTER = "reset_after"
    """It was done; the connection breaks before the answer."""
    SLOW_AFTER = "slow_after"
    """It was done; the answer comes after the caller has given up."""
    RATE_LIMIT = "rate_limit"

    @property
    def is_after(self) -> bool:
        return self.endswith("after")


@dataclass
class Faults:
    """`None` in the queue lets a call through."""

    waiting: deque[Fault | None] = field(default_factory=deque)
    slow_seconds: float = 1.0

    def plan(self, *faults: Fault | None) -> None:
        self.waiting.extend(faults)

    def next(self) -> Fault | None:
        return self.waiting.popleft() if self.waiting else None
