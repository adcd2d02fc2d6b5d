"""Half-open intervals of whole numbers, and the ranges of PostgreSQL that they are kept as."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.dialects.postgresql.ranges import MultiRange

Interval = tuple[int, int]
"""From the first number, up to the second without it."""
Intervals = tuple[Interval, ...]
"""Sorted and apart from each other. None at all means no limit: everything."""


def merged(found: Iterable[Interval]) -> Intervals:
    """Sort intervals, and join those that touch or overlap."""
    kept: list[Interval] = []
    for begins, ends in sorted(found):
        if kept and begins <= kept[-1][1]:
            kept[-1] = (kept[-1][0], max(kept[-1][1], ends))
        else:
            kept.append((begins, ends))
    return tuple(kept)


def overlap(one: Intervals, other: Intervals) -> bool:
    """Whether two have anything in common."""
    if not one or not other:
        return True
    return any(a < d and c < b for a, b in one for c, d in other)


def covers(one: Intervals, other: Intervals) -> bool:
    """Whether the first has all that the second has."""
    if not one or not other:
        return not one
    return all(any(a <= c and d <= b for a, b in one) for c, d in other)


def as_text(found: Intervals) -> str:
    """How PostgreSQL writes it as a multirange."""
    ranges = ",".join(f"[{begins},{ends})" for begins, ends in found)
    return f"{{{ranges or '(,)'}}}"


def as_ranges(found: Intervals) -> MultiRange[Any]:
    return MultiRange(Range(*interval) for interval in found or ((None, None),))
