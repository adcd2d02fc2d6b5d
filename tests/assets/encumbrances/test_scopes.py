"""Hierarchies as numbers: what lies in what, and that the scheme is whole."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as some

from marketplace.accounts.organisations.places import regions_by_country
from marketplace.assets.encumbrances import fields, territories
from marketplace.assets.encumbrances.intervals import covers, merged, overlap
from marketplace.assets.encumbrances.territories import members_of_regions
from tests.factories.steady import steady


def test_every_country_lies_in_exactly_one_part_of_the_world() -> None:
    """Antarctica and its islands aside, which are in the world alone."""
    continents = ("002", "019", "142", "150", "009")
    placed = [
        country
        for country in regions_by_country()
        for continent in continents
        if covers(territories.intervals([continent]), territories.intervals([country]))
    ]
    assert len(placed) == len(set(placed))
    assert set(regions_by_country()) - set(placed) <= {"AQ", "BV", "GS", "HM", "IO", "TF"}
    named = {code for codes in members_of_regions().values() for code in codes}
    assert named <= set(regions_by_country()) | set(members_of_regions())


def test_parts_of_countries_lie_in_their_own_country_alone() -> None:
    for country, regions in regions_by_country().items():
        whole = territories.intervals([country])
        parts = [territories.intervals([region]) for region in regions]
        assert all(covers(whole, part) for part in parts)
        assert len(set(parts)) == len(parts)
    assert not overlap(territories.intervals(["KR"]), territories.intervals(["JP-13"]))


def test_symbols_lie_in_those_that_begin_them() -> None:
    nested = ["G", "G06", "G06Q", "G06Q 10", "G06Q 10/06"]
    assert all(fields.lies_within(narrow, wide) for wide, narrow in pairwise(nested))
    ranges = [fields.intervals([symbol]) for symbol in nested]
    assert all(covers(wide, narrow) for wide, narrow in pairwise(ranges))
    assert fields.intervals(["G06Q 10/00"]) == fields.intervals(["G06Q 10"])
    apart = ["G06Q 10/06", "G06Q 11", "G06R", "G07", "H", "Y02"]
    found = [fields.intervals([symbol]) for symbol in apart]
    assert not any(overlap(a, b) for a in found for b in found if a is not b)


def test_how_subgroups_nest_is_not_in_their_digits() -> None:
    """Within a main group any two may overlap, and none is known to be a part of another."""
    for one, other in (("G06F 21/60", "G06F 21/62"), ("G06F 21/62", "G06F 21/6209")):
        assert overlap(fields.intervals([one]), fields.intervals([other]))
        assert not fields.lies_within(one, other)
        assert not fields.lies_within(other, one)
    assert fields.lies_within("G06F 21/62", "G06F21/62")
    assert fields.within(["G06F 21/62", "H04L"], ["H04L", "G06F 21/00"])
    assert not fields.within(["G06F 21/62"], ["G06F 21/60"])
    assert fields.within(["G06F 21/62"], [])
    assert not fields.within([], ["G06F"])


RANGES = some.lists(
    some.tuples(some.integers(0, 60), some.integers(1, 9)).map(lambda at: (at[0], at[0] + at[1])),
    max_size=4,
).map(merged)


@given(one=RANGES, other=RANGES)
@steady
def test_intervals_are_sets(
    one: tuple[tuple[int, int], ...], other: tuple[tuple[int, int], ...]
) -> None:
    def members(found: tuple[tuple[int, int], ...]) -> set[int]:
        return {n for a, b in found for n in range(a, b)} if found else set(range(80))

    assert overlap(one, other) is overlap(other, one) is bool(members(one) & members(other))
    if one and other:
        assert covers(one, other) is (members(other) <= members(one))
    assert covers((), other)
