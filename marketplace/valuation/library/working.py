"""A value together with the steps that led to it, so that a person can check it by hand."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from marketplace.valuation.errors import ImpossibleInputError, WeightsNotWholeError

Array = NDArray[np.float64]
SUM_TOLERANCE: Final = 1e-9
"""Decimal fractions such as 0.4515 + 0.5485 are not exact in binary."""


class Unit(StrEnum):
    MONEY = "money"
    FRACTION = "fraction"
    FACTOR = "factor"
    YEARS = "years"


@dataclass(frozen=True, slots=True)
class Line:
    """One step: a series of years, or a single number."""

    label: str
    unit: Unit
    values: Array


@dataclass(frozen=True, slots=True)
class Worked:
    """A result (one number, or one a draw), its unit, and the steps."""

    value: Array
    unit: Unit
    lines: tuple[Line, ...]


def numbers(given: ArrayLike) -> Array:
    """What a formula is given, or found.

    Raises:
        ImpossibleInputError: one of them is infinite or no number at all, which no comparison
            with a limit would notice.
    """
    found = np.asarray(given, dtype=np.float64)
    require(np.isfinite(found), "every number is finite")
    return found


def yearly(given: ArrayLike) -> Array:
    """A scalar input, or one a draw, beside a series of years."""
    return numbers(given)[..., np.newaxis]


def require(holds: ArrayLike, what: str) -> None:
    """Refuse unless it holds for every draw.

    Raises:
        ImpossibleInputError: `what` says what has to hold.
    """
    if not np.all(holds):
        raise ImpossibleInputError(what)


def require_share(name: str, given: ArrayLike) -> Array:
    """A fraction from 0 to 1.

    Raises:
        ImpossibleInputError: it is not.
    """
    share = numbers(given)
    require((share >= 0) & (share <= 1), f"{name} is a fraction from 0 to 1")
    return share


def require_positive(name: str, given: ArrayLike) -> Array:
    """A number above zero.

    Raises:
        ImpossibleInputError: it is not.
    """
    number = numbers(given)
    require(number > 0, f"{name} is above zero")
    return number


def whole_weights(weights: ArrayLike) -> Array:
    """Weights, each at least zero, that sum to one.

    Raises:
        WeightsNotWholeError: they are not.
        ImpossibleInputError: there are none.
    """
    given = numbers(weights)
    if given.size == 0:
        raise ImpossibleInputError("there is nothing to weigh")
    total = given.sum(axis=-1)
    if np.any(given < 0) or np.any(np.abs(total - 1) > SUM_TOLERANCE):
        raise WeightsNotWholeError
    return given
