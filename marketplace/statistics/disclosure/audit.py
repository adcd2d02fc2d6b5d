"""What a reader can work out of published sums: the narrowest interval of each hidden one.

Every published cell is an equation over the smallest cells (a value in a month). Linear programming
tells the least and the greatest that a hidden cell can be under all of them at once, whatever table
or release they were published in. That is the strongest attack on sums there is.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.sparse import csr_array

Atom = tuple[int, str]
"""A value in a month: the month as a number, and the value."""

Form = frozenset[Atom]
"""A cell: the atoms that it is the sum of."""

Row = NDArray[np.float64]
ABOVE: Final = "above"
BELOW: Final = "below"
SIDES: Final = (ABOVE, BELOW)
COUNT: Final = "count"
OPEN: Final = frozenset({*SIDES, COUNT})
"""Of a cell that nobody can work out."""
_SOLVED: Final = 0
_SLACK: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float

    def open_sides(self, value: int, percent: int) -> frozenset[str]:
        """Whether a value is known no better than to `percent`, upwards and downwards."""
        margin = abs(value) * percent / 100
        sides = {
            ABOVE: self.high >= value + margin - _SLACK,
            BELOW: self.low <= value - margin + _SLACK,
        }
        return frozenset(side for side, is_open in sides.items() if is_open)

    def leaves_open(self, value: int, percent: int) -> bool:
        """Whether both sides are open."""
        return len(self.open_sides(value, percent)) == len(SIDES)

    def determines(self) -> bool:
        return self.high - self.low < 1 - _SLACK


class Attack:
    """On the amounts and on the numbers of deals of the same cells."""

    def __init__(
        self, amounts: Mapping[Atom, int], counts: Mapping[Atom, int], published: Collection[Form]
    ) -> None:
        self._amounts = Attacker(amounts, published)
        self._counts = Attacker(counts, published)

    def leaves_open(self, form: Form, amount_minor: int, percent: int) -> frozenset[str]:
        """What of a hidden cell is not known closely: the sides of its amount, and its number."""
        sides = self._amounts.interval(form).open_sides(amount_minor, percent)
        return sides if self._counts.interval(form).determines() else sides | {COUNT}


class Attacker:
    """Knows the published sums, and of each atom whether it is more or less than nothing."""

    def __init__(self, values: Mapping[Atom, int], published: Iterable[Form]) -> None:
        self._atoms = sorted(values)
        self._place = {atom: place for place, atom in enumerate(self._atoms)}
        self._values = values
        self._published = [form & values.keys() for form in dict.fromkeys(published)]
        self._bounds = [(0, None) if values[atom] >= 0 else (None, 0) for atom in self._atoms]
        self._scale = float(max([1, *(abs(value) for value in values.values())]))
        self._known = self._equations()

    def interval(self, hidden: Form) -> Interval:
        """The least and the greatest that the sum of some atoms can be."""
        asked = self._row(hidden & self._values.keys())
        low, high = self._extreme(asked), self._extreme(-asked)
        return Interval(
            -np.inf if low is None else low * self._scale,
            np.inf if high is None else -high * self._scale,
        )

    def _row(self, atoms: Collection[Atom]) -> Row:
        row = np.zeros(len(self._atoms))
        row[[self._place[atom] for atom in atoms]] = 1
        return row

    def _extreme(self, objective: Row) -> float | None:
        # Named in full, as it is loaded at its first use: half a second that few processes owe.
        found = scipy.optimize.linprog(
            objective, bounds=self._bounds, method="highs", **self._known
        )
        return float(found.fun) if found.status == _SOLVED else None

    def _equations(self) -> dict[str, Any]:
        if not self._published:
            return {}
        rows = [[number] * len(form) for number, form in enumerate(self._published)]
        places = [[self._place[atom] for atom in form] for form in self._published]
        down, across = [*chain.from_iterable(rows)], [*chain.from_iterable(places)]
        shape = (len(self._published), len(self._atoms))
        sums = [sum(self._values[a] for a in form) / self._scale for form in self._published]
        return {
            "A_eq": csr_array((np.ones(len(across)), (down, across)), shape=shape),
            "b_eq": sums,
        }
