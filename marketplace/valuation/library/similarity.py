"""How near documents are to each other."""

import numpy as np

from marketplace.valuation.library.working import Array, numbers, require


def cosine(one: Array, other: Array) -> float:
    """From 0, nothing in common, to 1; vectors of what occurs how often.

    Raises:
        ImpossibleInputError: a vector of nothing.
    """
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    require(length > 0, "a vector of nothing has no direction")
    return float(numbers(one) @ numbers(other)) / length


def salton(both: int, one: int, other: int) -> float:
    """Strength of co-citation, c/√(ab): cited together c times, and a and b times at all.

    Raises:
        ImpossibleInputError: more together than apart, or never.
    """
    _counted(both, one, other)
    return both / float(np.sqrt(one * other))


def jaccard(both: int, one: int, other: int) -> float:
    """The shared part of the union, c/(a+b-c).

    Raises:
        ImpossibleInputError: more together than apart, or never.
    """
    _counted(both, one, other)
    return both / (one + other - both)


def _counted(both: int, one: int, other: int) -> None:
    require(0 <= both <= min(one, other), "what is shared is no more than each has")
    require(min(one, other) > 0, "each is cited at least once")
