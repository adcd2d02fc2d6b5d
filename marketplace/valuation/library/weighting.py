"""Weights of indicators: by comparison in pairs, by what the data tell, and by both."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from marketplace.valuation.errors import EntropyUndefinedError, InconsistentComparisonsError
from marketplace.valuation.library.working import (
    Array,
    numbers,
    require,
    require_share,
    whole_weights,
)

RANDOM_INDEX: Final = {3: 0.58, 4: 0.90, 5: 1.12, 6: 1.24, 7: 1.32, 8: 1.41, 9: 1.45}
"""Saaty's mean consistency index of random matrices, by their size."""
CONSISTENT_BELOW: Final = 0.1
SCALE_MAX: Final = 9
"""Saaty's scale: extremely more important. With its reciprocals it has no larger step."""
RECIPROCAL_TOLERANCE: Final = 0.005
"""A third is written as 0.333, a sixth as 0.167."""


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Weights by comparing each with each (AHP)."""

    weights: Array
    largest_eigenvalue: float
    consistency_ratio: float


def compared(matrix: Sequence[Sequence[float]]) -> Comparisons:
    """Weights as the principal eigenvector, and how consistent the comparisons are.

    `matrix[i][j]` says how many times as important i is as j. CI = (λmax-n)/(n-1), CR = CI/RI.
    A matrix of one or two is always consistent.

    Raises:
        ImpossibleInputError: no square of positive reciprocals, or larger than 9.
        InconsistentComparisonsError: CR ≥ 0.1.
    """
    found = weighed(matrix)
    if found.consistency_ratio >= CONSISTENT_BELOW:
        raise InconsistentComparisonsError(f"their ratio is {found.consistency_ratio:.3f}")
    return found


def weighed(matrix: Sequence[Sequence[float]]) -> Comparisons:
    """As `compared`, whatever the consistency is."""
    size = len(matrix)
    require(0 < size <= max(RANDOM_INDEX), f"compare 1 to {max(RANDOM_INDEX)} things")
    require(all(len(row) == size for row in matrix), "comparisons are a square")
    pairs = numbers(matrix)
    require(pairs > 0, "a comparison is above zero")
    require(pairs <= SCALE_MAX, f"a comparison is from 1/{SCALE_MAX} to {SCALE_MAX} (Saaty)")
    require(abs(pairs * pairs.T - 1) < RECIPROCAL_TOLERANCE, "a_ij is 1/a_ji")
    values, vectors = np.linalg.eig(pairs)
    principal = int(np.argmax(values.real))
    weights = np.abs(vectors[:, principal].real)
    largest = float(values[principal].real)
    ratio = 0.0
    if size in RANDOM_INDEX:
        ratio = max(0.0, (largest - size) / (size - 1) / RANDOM_INDEX[size])
    return Comparisons(weights / weights.sum(), largest, ratio)


def entropies(values: ArrayLike) -> Array:
    """e_j = -Σ p·ln p/ln m over m rows, p_ij = x_ij/Σ x_ij and 0·ln 0 = 0.

    Raises:
        ImpossibleInputError: fewer than two rows, a negative value, or a column of zeros.
    """
    table = numbers(values)
    require(table.ndim == 2 and table.shape[0] > 1, "entropy compares at least two")  # noqa: PLR2004
    require(table >= 0, "what entropy weighs is not negative")
    require(table.sum(axis=0) > 0, "a column of zeros has no entropy")
    shares = table / table.sum(axis=0)
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    entropy: Array = -(shares * logs).sum(axis=0) / np.log(table.shape[0])
    return entropy


def entropy_weights(values: ArrayLike) -> Array:
    """w_j = (1-e_j)/Σ(1-e): what differs between rows weighs, what is the same for all does not.

    Raises:
        EntropyUndefinedError: every column is constant; the caller falls back to comparisons.
        ImpossibleInputError: see `entropies`.
    """
    told = np.clip(1 - entropies(values), 0, None)
    told[np.ptp(numbers(values), axis=0) == 0] = 0.0
    total = told.sum()
    if total == 0:
        raise EntropyUndefinedError
    return numbers(told / total)


def dynamic_weights(compared_weights: ArrayLike, told_weights: ArrayLike, mix: float) -> Array:
    """w(t) = α·AHP + (1-α)·entropy(t): judgement, corrected by what the cohort of t shows.

    Raises:
        WeightsNotWholeError: one of them does not sum to one.
        ImpossibleInputError: α beyond 0 to 1.
    """
    share = require_share("mix", mix)
    return share * whole_weights(compared_weights) + (1 - share) * whole_weights(told_weights)
