"""Readers who add, subtract and solve everything that was ever published find no hidden cell."""

import random
from collections.abc import Iterable
from functools import cache

import pytest

from marketplace.statistics.disclosure.audit import Attacker
from marketplace.statistics.disclosure.protecting import (
    TOTAL,
    Key,
    Table,
    decide_longer,
    decide_month,
)
from marketplace.statistics.disclosure.rules import PUBLIC, Cell, total

YEAR = tuple(range(12))
SEEDS = range(4)
QUARTERS = [tuple(range(first, first + 3)) for first in range(0, 12, 3)]
LEVELS = (QUARTERS, [(month,) for month in YEAR])


def random_table(seed: int, *, totals_known: bool) -> Table:
    """A year of deals among a few groups in a few regions, some of them thin."""
    dice = random.Random(seed)  # noqa: S311 - the same tables in every run
    groups = [f"group {n}" for n in range(dice.randint(4, 14))]
    atoms: dict[tuple[int, str], Cell] = {}
    for month in YEAR:
        for region in ("KR-11", "KR-26", "KR-41", "KR-50", "CN-44")[: dice.randint(2, 5)]:
            deals = [
                Cell(1, amount, {dice.choice(groups): amount}, {dice.choice(groups): amount})
                for amount in (dice.randint(1, 10) ** 4 for _ in range(dice.randint(0, 12)))
            ]
            if deals:
                atoms[month, region] = total(deals)
    return Table(atoms, PUBLIC, totals_known)


def publish_all(table: Table) -> list[tuple[Key, ...]]:
    """Month after month, quarters and the year as they end; what each release added."""
    releases = []
    for month in YEAR:
        before = set(table.published)
        decide_month(table, month)
        if month % 3 == 2:
            decide_longer(table, QUARTERS[month // 3])
        if month == YEAR[-1]:
            decide_longer(table, YEAR)
        releases.append(tuple(set(table.published) - before))
    return releases


@cache
def published_table(seed: int) -> Table:
    table = random_table(seed, totals_known=False)
    publish_all(table)
    return table


def hidden(table: Table) -> Iterable[Key]:
    for months in (YEAR, *QUARTERS, *((month,) for month in YEAR)):
        for value in table.values:
            cell = table.cell((months, value))
            if not cell.is_empty and not cell.is_safe(PUBLIC):
                yield months, value


@pytest.mark.parametrize("seed", SEEDS)
def test_no_hidden_cell_can_be_computed_from_all_releases_together(seed: int) -> None:
    table = published_table(seed)
    forms = [table.form(key) for key in table.published]
    amounts = Attacker({atom: cell.amount_minor for atom, cell in table.atoms.items()}, forms)
    found = [
        key
        for key in hidden(table)
        if not amounts.interval(table.form(key)).leaves_open(table.cell(key).amount_minor, 10)
    ]
    assert found == []
    assert all(table.cell(key).is_safe(PUBLIC) for key in table.published)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_difference_of_published_cells_tells_a_few_deals(seed: int) -> None:
    """Drill-downs and successive sums: whatever a line of cells leaves of its total is safe."""
    table = published_table(seed)
    for months, value in table.published:
        lines = [[(months, v) for v in table.values]] if value == TOTAL else []
        lines += [[(part, value) for part in level if set(part) <= set(months)] for level in LEVELS]
        for line in lines:
            known = [table.form(key) for key in line if key in table.published]
            if (months, value) in line:
                continue
            rest = total(
                table.atoms[atom] for atom in table.form((months, value)).difference(*known)
            )
            assert rest.is_empty or rest.is_safe(PUBLIC), (months, value)


def test_a_single_suppressed_cell_of_a_row_takes_another_with_it() -> None:
    many = {f"group {n}": 100 for n in range(6)}
    atoms = {
        (0, "KR-11"): Cell(6, 600, many, many),
        (0, "KR-26"): Cell(6, 1200, dict.fromkeys(many, 200), dict.fromkeys(many, 200)),
        (0, "KR-50"): Cell(1, 7, {"one": 7}, {"other": 7}),
    }
    table = Table(atoms, PUBLIC, totals_known=False)
    decide_month(table, 0)
    assert set(table.published) == {((0,), TOTAL), ((0,), "KR-26")}


def test_a_year_tells_no_month_that_was_kept_back() -> None:
    """Eleven safe months are published; the year would tell the twelfth."""
    many = {f"group {n}": 100 for n in range(6)}
    atoms = {(month, "KR-11"): Cell(6, 600, many, many) for month in range(11)}
    atoms[11, "KR-11"] = Cell(1, 9, {"one": 9}, {"other": 9})
    table = Table(atoms, PUBLIC, totals_known=False)
    publish_all(table)
    assert ((10,), "KR-11") in table.published
    assert (YEAR, "KR-11") not in table.published
    assert (YEAR, TOTAL) not in table.published


def test_without_protection_the_attack_succeeds() -> None:
    """The same attacker, against row and column totals with one cell left out."""
    atoms = {(0, "a"): 100, (0, "b"): 7, (1, "a"): 50, (1, "b"): 60}
    row = frozenset({(0, "a"), (0, "b")})
    found = Attacker(atoms, [row, frozenset({(0, "a")})]).interval(frozenset({(0, "b")}))
    assert (found.low, found.high) == pytest.approx((7, 7))
    margins = [row, frozenset({(0, "b"), (1, "b")}), frozenset({(0, "a"), (1, "a")})]
    wide = Attacker(atoms, margins).interval(frozenset({(0, "b")}))
    assert (wide.low, wide.high) == pytest.approx((0, 67))
