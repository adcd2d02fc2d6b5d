"""Stage 2: texts that are alike, by k-means on the sphere."""

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from marketplace.valuation.library.working import Array
from marketplace.valuation.rating.texts import Matrix

Labels = NDArray[np.int64]
BLOCK: Final = 1_024
SAMPLE: Final = 2_048
"""First centres are chosen among so many texts at most."""


@dataclass(frozen=True, slots=True)
class Clustered:
    """Which cluster each text is in, the largest being 0, and how near to its centre."""

    labels: Labels
    nearness: Array
    passes: int

    @property
    def count(self) -> int:
        return int(self.labels.max()) + 1 if len(self.labels) else 0


def how_many(texts: int, most: int) -> int:
    """√(n/2), a common rule of thumb, at least 1."""
    return max(1, min(most, round(math.sqrt(texts / 2))))


def cluster(matrix: Matrix, *, count: int, passes_max: int, seed: int) -> Clustered:
    """Put each row to the nearest of `count` centres until none moves.

    Memory is the matrix, `count` dense centres, and one block of rows: it grows with the number of
    texts, never with its square. The same seed gives the same clusters.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    centres = _first_centres(matrix, count, generator)
    labels, nearness = _nearest(matrix, centres)
    for done in range(1, passes_max + 1):
        centres = _means(matrix, labels, nearness, count)
        moved, nearness = _nearest(matrix, centres)
        if np.array_equal(moved, labels):
            return Clustered(_by_size(labels), nearness, done)
        labels = moved
    return Clustered(_by_size(labels), nearness, passes_max)


def _first_centres(matrix: Matrix, count: int, generator: np.random.Generator) -> Any:
    """k-means++: each next centre is drawn by how far texts are from those there are."""
    order = np.argsort(generator.random(matrix.shape[0]), kind="stable")[:SAMPLE]
    sample = matrix[np.sort(order)]
    chosen = [int(generator.random() * sample.shape[0])]
    nearest = np.zeros(sample.shape[0])
    while len(chosen) < count:
        latest = sample[[chosen[-1]]].toarray().ravel()
        nearest = np.maximum(nearest, sample @ latest)
        far = np.cumsum(np.clip(1 - nearest, 0, None) ** 2)
        drawn = np.searchsorted(far, generator.random() * far[-1], side="right")
        chosen.append(min(int(drawn), sample.shape[0] - 1))
    return sample[chosen].toarray()


def _nearest(matrix: Matrix, centres: Any) -> tuple[Labels, Array]:
    labels = np.empty(matrix.shape[0], dtype=np.int64)
    nearness = np.empty(matrix.shape[0])
    for start in range(0, matrix.shape[0], BLOCK):
        block = matrix[start : start + BLOCK] @ centres.T
        labels[start : start + BLOCK] = block.argmax(axis=1)
        nearness[start : start + BLOCK] = block.max(axis=1)
    return labels, nearness


def _means(matrix: Matrix, labels: Labels, nearness: Array, count: int) -> Any:
    """The direction of each cluster; an empty one begins anew at the text that is worst placed."""
    means = np.empty((count, matrix.shape[1]), dtype=np.float32)
    worst = iter(np.argsort(nearness, kind="stable"))
    for label in range(count):
        members = np.flatnonzero(labels == label)
        rows = matrix[members] if len(members) else matrix[[next(worst)]]
        total = np.asarray(rows.sum(axis=0), dtype=np.float32).ravel()
        means[label] = total / (np.linalg.norm(total) or 1)
    return means


def _by_size(labels: Labels) -> Labels:
    """Number clusters by size; of equal ones, by their first text. Empty ones get no number."""
    found, first, sizes = np.unique(labels, return_index=True, return_counts=True)
    order = np.lexsort((first, -sizes))
    numbers = np.empty(int(found.max()) + 1, dtype=np.int64)
    numbers[found[order]] = np.arange(len(found))
    renumbered: Labels = numbers[labels]
    return renumbered


def matched(before: Labels, after: Labels) -> dict[int, tuple[int, float]]:
    """Which cluster of an earlier run each one of a later run most overlaps, and how much.

    Numbers of clusters are not stable between runs; both runs are of the same texts in order. The
    overlap is Jaccard's: shared over united.
    """
    found = {}
    for new in np.unique(after).tolist():
        members = after == new
        shared = np.bincount(before[members])
        united = np.bincount(before, minlength=len(shared))[: len(shared)] + members.sum() - shared
        overlap = shared / united
        best = int(overlap.argmax())
        found[new] = (best, float(overlap[best]))
    return found
