"""The scope of a mandate as numbers and places, which the database compares."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.dialects.postgresql.ranges import MultiRange

from marketplace.assets.encumbrances.intervals import as_ranges, merged
from marketplace.assets.encumbrances.territories import WORLD, members_of_regions


def number_of(row_id: UUID) -> int:
    """The 63 low bits of a row's id, which are random but for two of them."""
    return row_id.int & (2**63 - 1)


def right_range(right_ids: Iterable[UUID]) -> MultiRange[Any]:
    """Rights as points on a line; none is all of them."""
    points = (number_of(right_id) for right_id in right_ids)
    return as_ranges(merged((point, point + 1) for point in points))


def hold_range(mandate_id: UUID, *, exclusive: bool) -> Range[int]:
    """What meets every other mandate, or only itself."""
    point = number_of(mandate_id)
    return Range() if exclusive else Range(point, point + 1)


def places_of(territories: Iterable[str]) -> list[str]:
    """The countries, and parts of them, that territories contain; none is everywhere."""
    named = list(territories)
    if WORLD in named:
        return []
    return sorted({place for code in named for place in _within(code)})


def _within(code: str) -> list[str]:
    members = members_of_regions().get(code)
    if members is None:
        return [code]
    return [place for member in members for place in _within(member)]
