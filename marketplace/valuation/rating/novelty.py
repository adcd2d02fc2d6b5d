"""Stage 2: how new a text is against earlier ones. It screens; it says nothing about law."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from marketplace.valuation.library.working import Array
from marketplace.valuation.rating.records import Facts
from marketplace.valuation.rating.texts import Matrix

ROWS: Final = 256
COLUMNS: Final = 2_048


@dataclass(frozen=True, slots=True)
class Novelty:
    """1 - the largest cosine with an earlier text, and whose that is; NaN and -1 without one."""

    scores: Array
    nearest: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Order:
    """Texts by date, with what decides whether two may be compared."""

    positions: NDArray[np.int64]
    days: NDArray[np.int64]
    families: NDArray[np.int64]
    languages: NDArray[np.int64]


def novelty(matrix: Matrix, facts: Sequence[Facts]) -> Novelty:
    """Compare each text with those of an earlier priority date, language alike, family not.

    Members of a family share their earliest priority, and are excluded by their number as well.
    Texts of two languages have hardly a piece in common, so that comparing them would call
    everything new. Cosines are made block by block: time grows with the square of the corpus,
    memory does not.
    """
    order = _ordered(facts)
    rows = matrix[order.positions]
    scores, nearest = np.full(len(facts), np.nan), np.full(len(facts), -1)
    for start in range(0, len(facts), ROWS):
        best, at = _block(rows, order, slice(start, min(start + ROWS, len(facts))))
        positions = order.positions[start : start + ROWS]
        known = best >= 0
        scores[positions[known]] = np.clip(1 - best[known], 0, 1)
        nearest[positions[known]] = order.positions[at[known]]
    return Novelty(scores, nearest)


def _ordered(facts: Sequence[Facts]) -> _Order:
    days = np.array([one.began.toordinal() if one.began else 0 for one in facts], dtype=np.int64)
    positions = np.argsort(days, kind="stable")
    families = np.unique([one.family for one in facts], return_inverse=True)[1]
    languages = np.unique([one.language for one in facts], return_inverse=True)[1]
    return _Order(positions, days[positions], families[positions], languages[positions])


def _block(rows: Matrix, order: _Order, own: slice) -> tuple[Array, NDArray[np.int64]]:
    """For each text of a block the largest cosine with an earlier one, -1 without, and whose."""
    count = own.stop - own.start
    best, at = np.full(count, -1.0), np.zeros(count, dtype=np.int64)
    subjects = rows[own]
    for start in range(0, own.stop, COLUMNS):
        earlier = slice(start, min(start + COLUMNS, own.stop))
        cosines = (subjects @ rows[earlier].T).toarray()
        cosines[~_comparable(order, own, earlier)] = -1
        found = cosines.argmax(axis=1)
        value = cosines[np.arange(count), found]
        better = value > best
        best[better], at[better] = value[better], found[better] + start
    return best, at


def _comparable(order: _Order, own: slice, earlier: slice) -> NDArray[np.bool_]:
    def each(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return values[own][:, None], values[earlier][None, :]

    mine, theirs = each(order.days)
    family, other = each(order.families)
    language, spoken = each(order.languages)
    allowed: NDArray[np.bool_] = (theirs < mine) & (family != other) & (language == spoken)
    return allowed
