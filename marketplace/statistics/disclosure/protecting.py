"""Which cells of a table may be published, when others were published before.

Months are decided when they end, then quarters, then years. In a month, values are shown whose
cells are safe, and the rest of the month, taken together, has to be safe as well: so a month is a
partition into safe cells, and nothing smaller can be computed. Tables by other dimensions divide
the same totals, which are decided alike in each; a cell that is nearly one of theirs, but for a few
parties, is not shown. A longer period adds a value only if
what it says beyond its published parts is safe too, and if no attack by linear programming on
everything that was ever published comes near a hidden cell. When in doubt nothing is added.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from marketplace.statistics.disclosure.audit import OPEN, Atom, Attack, Form
from marketplace.statistics.disclosure.rules import Cell, Rule, tells_of_few, total

TOTAL: Final = ""
"""The value that stands for all of them."""

Months = tuple[int, ...]
Key = tuple[Months, str]
"""A cell of a table: the months that it sums, and its value."""


@dataclass(slots=True)
class Table:
    """One dimension of one currency: the smallest cells, and which sums are published."""

    atoms: Mapping[Atom, Cell]
    rule: Rule
    totals_known: bool
    published: dict[Key, None] = field(default_factory=dict)
    decided: Collection[Months] = ()
    """Periods that an earlier release told of, in whatever way."""
    linked: Sequence["Table"] = ()
    """Tables of the same deals by other dimensions: they have the same totals, and parties."""

    values: Sequence[str] = ()
    _cells: dict[Key, Cell] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values = sorted({value for _, value in self.atoms})

    def cell(self, key: Key) -> Cell:
        if key not in self._cells:
            self._cells[key] = total(self.atoms[atom] for atom in self.form(key))
        return self._cells[key]

    def form(self, key: Key) -> Form:
        months, wanted = key
        values = self.values if wanted == TOTAL else (wanted,)
        return frozenset((m, v) for m in months for v in values if (m, v) in self.atoms)

    def is_published(self, key: Key) -> bool:
        return key in self.published

    def told(self, months: Months) -> Sequence[Cell]:
        """The parts into which a period is divided for readers; none when it is told as a whole."""
        shown = [value for value in self.values if self.is_published((months, value))]
        if not shown:
            return ()
        rest = self.rest(months, shown)
        cells = [self.cell((months, value)) for value in shown]
        return cells if rest.is_empty else [*cells, rest]

    def rest(self, months: Months, shown: Sequence[str]) -> Cell:
        return total(self.cell((months, v)) for v in self.values if v not in shown)


def decide_month(table: Table, month: int) -> None:
    """Publish what may be known of a month that ended."""
    _decide_total(table, (month,))
    shown = _safe_values(table, (month,))
    while shown and not _rest_is_safe(table, (month,), shown):
        shown.pop()
    if table.is_published(((month,), TOTAL)):
        _publish(table, [((month,), value) for value in shown])


def decide_longer(table: Table, months: Months) -> None:
    """Publish what may be known of a quarter or a year, beside what its parts have told."""
    _decide_total(table, months)
    if not table.is_published((months, TOTAL)):
        return
    shown = [value for value in _safe_values(table, months) if _adds_safely(table, (months, value))]
    while shown:
        keys = [(months, value) for value in shown]
        if _rest_is_safe(table, months, shown) and withstands(table, months, keys):
            _publish(table, keys)
            return
        shown.pop()


def withstands(table: Table, months: Months, more: Sequence[Key] = ()) -> bool:
    """Whether publishing `more` brings nobody close to a cell of these months that is hidden.

    What anybody can work out already, as from totals that are known anyway, is not held against it;
    each side of an amount is judged alone.
    """
    before, after = _attack(table, months, ()), _attack(table, months, more)
    percent = table.rule.p_percent
    for form, cell in _hidden(table, months):
        left = after.leaves_open(form, cell.amount_minor, percent)
        if left != OPEN and not before.leaves_open(form, cell.amount_minor, percent) <= left:
            return False
    return True


def _attack(table: Table, months: Months, more: Sequence[Key]) -> Attack:
    near = {atom: cell for atom, cell in table.atoms.items() if atom[0] in months}
    keys = [key for key in (*table.published, *more) if set(key[0]) <= set(months)]
    published = [table.form(key) for key in keys]
    return Attack(
        {atom: cell.amount_minor for atom, cell in near.items()},
        {atom: cell.deals for atom, cell in near.items()},
        published,
    )


def _hidden(table: Table, months: Months) -> Iterable[tuple[Form, Cell]]:
    """The cells of each period within these months that are not to be known."""
    for part in _parts(months):
        for value in table.values:
            form = table.form((part, value))
            cell = total(table.atoms[atom] for atom in form)
            if not cell.is_empty and not cell.is_safe(table.rule):
                yield form, cell


def _parts(months: Months) -> list[Months]:
    """These months as a whole, their quarters, and each month."""
    quarters = {month // 3 for month in months}
    whole = [tuple(q * 3 + place for place in range(3)) for q in sorted(quarters)]
    return list(dict.fromkeys([months, *whole, *((month,) for month in months)]))


def _decide_total(table: Table, months: Months) -> None:
    key = (months, TOTAL)
    cell = table.cell(key)
    if table.totals_known or (cell.is_safe(table.rule) and _adds_safely(table, key)):
        _publish(table, [key])


def _safe_values(table: Table, months: Months) -> list[str]:
    """Values whose cells are safe, the largest first."""
    found = [(value, table.cell((months, value))) for value in table.values]
    safe = [(v, cell) for v, cell in found if _is_safe_among_tables(table, months, cell)]
    return [value for value, _ in sorted(safe, key=lambda one: -abs(one[1].amount_minor))]


def _rest_is_safe(table: Table, months: Months, shown: Sequence[str]) -> bool:
    rest = table.rest(months, shown)
    return rest.is_empty or _is_safe_among_tables(table, months, rest)


def _is_safe_among_tables(table: Table, months: Months, cell: Cell) -> bool:
    """Whether a cell is safe, and nearly the same as no other that the linked tables tell."""
    return cell.is_safe(table.rule) and not any(
        tells_of_few(cell, other, table.rule)
        for linked in table.linked
        for other in linked.told(months)
    )


def _adds_safely(table: Table, key: Key) -> bool:
    """Whether a longer cell without its published parts is empty or safe."""
    months, value = key
    told = {
        atom
        for part in _parts(months)
        if part != months and table.is_published((part, value))
        for atom in table.form((part, value))
    }
    rest = total(table.atoms[atom] for atom in table.form(key) - told)
    return rest.is_empty or rest.is_safe(table.rule)


def _publish(table: Table, keys: Iterable[Key]) -> None:
    table.published.update(dict.fromkeys(keys))
