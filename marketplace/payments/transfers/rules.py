"""Which charge a payout is taken from."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

S = TypeVar("S")


def allocate(
    amount_minor: int, sources: Iterable[tuple[S, int]], *, step_minor: int = 1
) -> Iterator[tuple[S, int]]:
    """Take an amount from sources in their order, from each at most what it has left.

    Yields sources with the positive part taken, a multiple of `step_minor`; what exceeds all of
    them, and what the steps leave over, is not taken.
    """
    for source, left_minor in sources:
        part_minor = min(amount_minor, left_minor)
        part_minor -= part_minor % step_minor
        if part_minor > 0:
            yield source, part_minor
            amount_minor -= part_minor
