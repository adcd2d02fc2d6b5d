"""When a figure may be shown: primary disclosure rules, per enterprise group.

A cell is what some groups contributed. It is safe when enough groups contributed, when no few of
them make nearly all of it, and when none could compute another's part closely by taking off its
own. Whatever is the sum of safe cells that share no deal is safe as well, by each rule.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

WHOLE_PERCENT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How strict to be.

    Attributes:
        groups_min: fewer contributing groups than this are too few.
        dominant: so many of the largest contributors …
        dominant_percent: … may make at most this share of the cell.
        p_percent: the cell without its two largest must be at least this share of the largest.
    """

    groups_min: int = 3
    dominant: int = 2
    dominant_percent: int = 85
    p_percent: int = 10


PUBLIC: Final = Rule()
FINER: Final = Rule(groups_min=2, dominant=1, dominant_percent=95, p_percent=5)
"""For the statistics of the state, which has duties of secrecy of its own."""


def has_enough(contributions: Iterable[int], groups_min: int) -> bool:
    """The threshold rule: so many groups or more."""
    return len([*contributions]) >= groups_min


def is_dominated(contributions: Iterable[int], largest: int, percent: int) -> bool:
    """The (n, k) rule: the `largest` n make more than k per cent of the whole."""
    ordered = sorted(contributions, reverse=True)
    return sum(ordered[:largest]) * WHOLE_PERCENT > percent * sum(ordered)


def can_be_computed(contributions: Iterable[int], percent: int) -> bool:
    """The p % rule: the second largest comes within p per cent of the largest one's part."""
    ordered = sorted(contributions, reverse=True)
    largest = ordered[0] if ordered else 0
    return sum(ordered[2:]) * WHOLE_PERCENT < percent * largest


@dataclass(frozen=True, slots=True)
class Cell:
    """A sum of deals, and what each group sold and bought of it (absolute, in minor units)."""

    deals: int = 0
    amount_minor: int = 0
    sold: Mapping[str, int] = field(default_factory=dict)
    bought: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: "Cell") -> "Cell":
        return Cell(
            self.deals + other.deals,
            self.amount_minor + other.amount_minor,
            _merged(self.sold, other.sold),
            _merged(self.bought, other.bought),
        )

    def without(self, part: "Cell") -> "Cell | None":
        """What is left beside a cell that may be a part of this one; None when it cannot be."""
        if not (_is_within(part.sold, self.sold) and _is_within(part.bought, self.bought)):
            return None
        if not 0 <= part.deals <= self.deals:
            return None
        return Cell(
            self.deals - part.deals,
            self.amount_minor - part.amount_minor,
            _less(self.sold, part.sold),
            _less(self.bought, part.bought),
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened in it, which everybody may know."""
        return not self.sold and not self.bought

    def is_safe(self, rule: Rule) -> bool:
        """Whether it may be shown, to sellers and to buyers."""
        return all(_is_safe(side.values(), rule) for side in (self.sold, self.bought))


def _merged(one: Mapping[str, int], other: Mapping[str, int]) -> Mapping[str, int]:
    """Both together; who dealt for nothing has dealt as well."""
    found = {**one}
    for group, amount_minor in other.items():
        found[group] = found.get(group, 0) + amount_minor
    return found


def _is_within(part: Mapping[str, int], whole: Mapping[str, int]) -> bool:
    return len(part) <= len(whole) and all(
        group in whole and amount_minor <= whole[group] for group, amount_minor in part.items()
    )


def _less(whole: Mapping[str, int], part: Mapping[str, int]) -> Mapping[str, int]:
    rest = {group: amount_minor - part.get(group, 0) for group, amount_minor in whole.items()}
    return {group: amount_minor for group, amount_minor in rest.items() if amount_minor}


EMPTY: Final = Cell()


def total(cells: Iterable[Cell]) -> Cell:
    return sum(cells, EMPTY)


def tells_of_few(one: Cell, other: Cell, rule: Rule) -> bool:
    """Whether one cell may be a part of another, and what that has more is not safe.

    Who knows that all deals of a field are of one region would take one sum off the other.
    """
    rests = (one.without(other), other.without(one))
    return any(
        rest is not None and not (rest.is_empty and not rest.deals) and not rest.is_safe(rule)
        for rest in rests
    )


def _is_safe(contributions: Iterable[int], rule: Rule) -> bool:
    amounts = [*contributions]
    return (
        has_enough(amounts, rule.groups_min)
        and not is_dominated(amounts, rule.dominant, rule.dominant_percent)
        and not can_be_computed(amounts, rule.p_percent)
    )
