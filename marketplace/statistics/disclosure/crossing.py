"""Which cells of a table of two dimensions may be told, when its rows and columns are known.

The table is protected as a whole. Its margins are what everybody reads already, and add nothing.
A cell is told when it is safe; then linear programming over all told cells, the margins and
everything that was released of the same months looks for hidden cells that come out. While it finds
one, the smallest told cell of its row or its column is withheld as well.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from marketplace.statistics.disclosure.audit import OPEN, Atom, Attack, Form
from marketplace.statistics.disclosure.rules import Cell, Rule, total

Place = tuple[str, str]
"""A cell of the table: its row and its column."""

ROW: Final = "row"
COLUMN: Final = "column"
SEPARATOR: Final = "\x1f"
AUDITED_MAX: Final = 200
"""Hidden cells that are audited one by one; of a table with more, no inner cell is told."""


def place_of(atom: Atom) -> Place:
    row, _, column = atom[1].partition(SEPARATOR)
    return row, column


@dataclass(frozen=True, slots=True)
class Crossing:
    """The smallest cells (a month, a row, a column), and the sums that are known anyway."""

    atoms: Mapping[Atom, Cell]
    known: Sequence[Form]
    rule: Rule

    def form(self, place: Place) -> Form:
        return frozenset(atom for atom in self.atoms if place_of(atom) == place)

    def cells(self) -> dict[Place, Cell]:
        parts: dict[Place, list[Cell]] = {}
        for atom, cell in self.atoms.items():
            parts.setdefault(place_of(atom), []).append(cell)
        return {place: total(found) for place, found in parts.items()}


def line_form(
    crossing: Crossing, months: Iterable[int], *, row: str = "", column: str = ""
) -> Form:
    """The atoms of a row or a column in some months; of neither, of all."""
    wanted = {*months}
    return frozenset(
        atom
        for atom in crossing.atoms
        if atom[0] in wanted
        and row in {"", place_of(atom)[0]}
        and column in {"", place_of(atom)[1]}
    )


def safe_places(crossing: Crossing) -> set[Place]:
    """The inner cells that may be told together."""
    cells = crossing.cells()
    told = {place for place, cell in cells.items() if cell.is_safe(crossing.rule)}
    hidden = {place: cell for place, cell in cells.items() if place not in told}
    if len(hidden) > AUDITED_MAX:
        return set()
    forms = {place: crossing.form(place) for place in cells}
    before, suspects = _attack(crossing, crossing.known), [*hidden]
    while told and suspects:
        after = _attack(crossing, [*crossing.known, *(forms[place] for place in told)])
        # Who tells less opens every cell further: what nobody found stays hidden.
        suspects = [
            place
            for place in suspects
            if _comes_closer(before, after, forms[place], hidden[place], crossing.rule)
        ]
        told -= {_beside(place, told, cells) for place in suspects}
    return told


def _attack(crossing: Crossing, known: Sequence[Form]) -> Attack:
    return Attack(
        {atom: cell.amount_minor for atom, cell in crossing.atoms.items()},
        {atom: cell.deals for atom, cell in crossing.atoms.items()},
        known,
    )


def _comes_closer(before: Attack, after: Attack, form: Form, cell: Cell, rule: Rule) -> bool:
    """Whether a hidden cell is known better than without the table."""
    left = after.leaves_open(form, cell.amount_minor, rule.p_percent)
    return left != OPEN and not before.leaves_open(form, cell.amount_minor, rule.p_percent) <= left


def _beside(place: Place, told: Collection[Place], cells: Mapping[Place, Cell]) -> Place:
    """The told cell that hides another with the least loss: of its row or column, the smallest."""
    near = [one for one in told if one[0] == place[0] or one[1] == place[1]]
    return min(near or told, key=lambda one: (abs(cells[one].amount_minor), one))
