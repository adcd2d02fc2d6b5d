"""Whether a printed table can be: its sums, its ratios, and which one cell would mend it.

A printed figure is never replaced: the audit names what does not fit, and each single change after
which everything fits. Where there is exactly one, it is the repair.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any

WHOLE = "whole"
TOGETHER = "together"
DEGREE = "degree"
PERCENT = 100
_THOUSANDTH = Fraction(1, 1000)
"""To which coefficients are printed, though a last zero is often left out."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row as printed; `degree` is in per cent, with the places that it was printed with."""

    name: str
    whole: int
    together: int
    degree: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Repair:
    """One cell to be read otherwise; `place` is its row, and None the total."""

    place: int | None
    name: str
    column: str
    printed: str
    repaired: str


@dataclass(frozen=True, slots=True)
class Audit:
    faults: Sequence[str]
    repairs: Sequence[Repair]
    """Every single change after which all fits; when there is one, it is unique."""


def rounded_degree(together: int, whole: int, like: Decimal) -> Decimal | None:
    """A ratio in per cent with as many places as a printed one, rounded half up."""
    if not whole:
        return None
    exact = Fraction(together * PERCENT, whole)
    decimal = Decimal(exact.numerator) / Decimal(exact.denominator)
    places = int(like.as_tuple().exponent)
    return decimal.quantize(Decimal(1).scaleb(places), ROUND_HALF_UP)


def audit(lines: Sequence[Line], printed_total: Line | None) -> Audit:
    """What does not fit in a table, and what would mend it."""
    faults = [*_faults(lines, printed_total)]
    if not faults:
        return Audit([], [])
    candidates = _candidates(lines, printed_total)
    mending = [
        repair
        for repair, changed_lines, changed_total in candidates
        if not any(_faults(changed_lines, changed_total))
    ]
    return Audit(faults, mending)


def repaired(lines: Sequence[Line], found: Audit) -> Sequence[Line] | None:
    """The lines after the repair, when it is the only one."""
    if len(found.repairs) != 1:
        return None
    (repair,) = found.repairs
    if repair.place is None:
        return lines
    changed = [*lines]
    value = Decimal(repair.repaired) if repair.column == DEGREE else int(repair.repaired)
    changed[repair.place] = _changed(changed[repair.place], repair.column, value)
    return changed


def _faults(lines: Sequence[Line], printed_total: Line | None) -> Iterable[str]:
    for line in [*lines, *([printed_total] if printed_total else [])]:
        if line.degree is not None:
            recomputed = rounded_degree(line.together, line.whole, line.degree)
            if recomputed != line.degree:
                yield f"{line.name}: degree {line.degree} is printed, the counts give {recomputed}"
        if line.together > line.whole:
            yield f"{line.name}: {line.together} of {line.whole}"
    if printed_total:
        for column in (WHOLE, TOGETHER):
            summed = sum(getattr(line, column) for line in lines)
            printed = getattr(printed_total, column)
            if summed != printed:
                yield f"{column}: the total {printed} is printed, the rows give {summed}"


def _candidates(
    lines: Sequence[Line], printed_total: Line | None
) -> Iterable[tuple[Repair, Sequence[Line], Line | None]]:
    for place, line in enumerate(lines):
        others = [*lines]
        for column, value in _readings(line, lines, printed_total):
            others[place] = _changed(line, column, value)
            yield _repair(place, line, column, value), tuple(others), printed_total
        others[place] = line
    if printed_total:
        summed = Line(
            printed_total.name,
            sum(line.whole for line in lines),
            sum(line.together for line in lines),
        )
        for column in (WHOLE, TOGETHER):
            value = getattr(summed, column)
            if value != getattr(printed_total, column):
                changed = _changed(printed_total, column, value)
                yield _repair(None, printed_total, column, value), lines, changed


def _readings(
    line: Line, lines: Sequence[Line], printed_total: Line | None
) -> Iterable[tuple[str, int | Decimal]]:
    """What a row's cells could be instead: so that the column sums up, or the ratio fits."""
    if printed_total:
        for column in (WHOLE, TOGETHER):
            missing = getattr(printed_total, column) - sum(getattr(one, column) for one in lines)
            value = getattr(line, column) + missing
            if missing and value >= 0:
                yield column, value
    if line.degree is None:
        return
    fitting = rounded_degree(line.together, line.whole, line.degree)
    if fitting is None or fitting == line.degree:
        return
    yield DEGREE, fitting
    if not printed_total:
        guess = round(line.degree * line.whole / PERCENT)
        if guess != line.together:
            yield TOGETHER, guess


def _changed(line: Line, column: str, value: int | Decimal) -> Line:
    change: dict[str, Any] = {column: value}
    return replace(line, **change)


def _repair(place: int | None, line: Line, column: str, value: object) -> Repair:
    return Repair(place, line.name, column, str(getattr(line, column)), str(value))


@dataclass(frozen=True, slots=True)
class Claim:
    """Measures that somebody printed of a series of counts over so many regions."""

    regions: int
    std: Decimal | None = None
    cv: Decimal | None = None
    gini: Decimal | None = None


def impossible(claim: Claim) -> Sequence[str]:
    """Why printed measures cannot be of any counts; empty when they can."""
    found = []
    highest = 1 - Fraction(1, claim.regions)
    if claim.gini is not None and Fraction(claim.gini) - _THOUSANDTH / 2 > highest:
        shown = round(float(highest), 4)
        found.append(f"gini {claim.gini} is above its maximum 1 - 1/{claim.regions} = {shown}")
    if claim.gini is not None and claim.gini < 0:
        found.append(f"gini {claim.gini} is below zero")
    if claim.std and claim.cv and claim.cv > 0:
        low = claim.regions * (_exact(claim.std, -1) / _exact(claim.cv, 1))
        high = claim.regions * (_exact(claim.std, 1) / _exact(claim.cv, -1))
        if ceil(low) > floor(high):
            found.append(
                f"std {claim.std} and cv {claim.cv} imply a total between {float(low):.2f} and"
                f" {float(high):.2f}: no integer"
            )
    return found


def _half(printed: Decimal) -> Fraction:
    """Half a unit of the last printed place."""
    return Fraction(Decimal(1).scaleb(int(printed.as_tuple().exponent))) / 2


def _exact(printed: Decimal, side: int) -> Fraction:
    return Fraction(printed) + side * _half(printed)
