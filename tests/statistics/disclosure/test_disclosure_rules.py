"""The rules of the literature, at their own examples and boundaries."""

import pytest

from marketplace.statistics.disclosure.rules import (
    Cell,
    Rule,
    can_be_computed,
    has_enough,
    is_dominated,
    total,
)

RULE = Rule()


@pytest.mark.parametrize(
    ("parts", "largest", "percent", "dominated"),
    [
        ([70, 15, 10, 5], 1, 75, False),
        ([70, 15, 10, 5], 2, 85, False),
        ([80, 12, 5, 3], 1, 75, True),
        ([70, 16, 10, 4], 2, 85, True),
    ],
)
def test_dominance(parts: list[int], largest: int, percent: int, dominated: bool) -> None:
    assert is_dominated(parts, largest, percent) is dominated


@pytest.mark.parametrize(("parts", "known"), [([80, 12, 5, 3], False), ([80, 13, 4, 3], True)])
def test_p_percent_is_strict(parts: list[int], known: bool) -> None:
    assert can_be_computed(parts, 10) is known


def test_a_group_counts_once_however_many_deals_it_made() -> None:
    deals = [Cell(1, 10, {"daehan": 10}, {f"buyer {n}": 10}) for n in range(9)]
    assert not total(deals).is_safe(RULE)
    assert not has_enough(total(deals).sold.values(), 3)


def test_both_sides_have_to_be_safe() -> None:
    sold = {f"seller {n}": 10 for n in range(6)}
    assert not Cell(6, 60, sold, {"one buyer": 60}).is_safe(RULE)
    assert Cell(6, 60, sold, {f"buyer {n}": 10 for n in range(6)}).is_safe(RULE)
