"""Stage 2: the portfolio chart, where a cluster stands by its growth and its quality."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from marketplace.valuation.indicators import CATEGORIES, Category
from marketplace.valuation.library.working import Array
from marketplace.valuation.rating.clusters import Labels
from marketplace.valuation.rating.grading import Graded
from marketplace.valuation.rating.measures import Field

MIDDLE = 0.5
WIDTH, HEIGHT = 41, 9
MARKS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Position:
    """One cluster: how many filings, how they grow (-1 to 1), and its mean technical rank."""

    cluster: int
    name: str
    filings: int
    activity: float | None
    quality: float | None

    @property
    def place(self) -> str:
        if self.activity is None or self.quality is None:
            return "dormant"
        growth = "growing" if self.activity > 0 else "declining"
        return f"{growth}, {'strong' if self.quality >= MIDDLE else 'weak'}"

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"place": self.place}


def positions(
    names: Sequence[str], fields: Mapping[int, Field], labels: Labels, graded: Graded
) -> list[Position]:
    """Where each cluster stands."""
    quality = _technical_quality(graded)
    found = []
    for cluster, name in enumerate(names):
        own = quality[(labels == cluster) & ~np.isnan(quality)]
        activity = fields[cluster].activity
        found.append(
            Position(
                cluster,
                name,
                fields[cluster].filings,
                None if activity is None else round(activity, 6),
                round(float(own.mean()), 6) if len(own) else None,
            )
        )
    return found


def _technical_quality(graded: Graded) -> Array:
    """The technical indicators alone, weighed as in the score."""
    chosen = CATEGORIES[Category.TECHNICAL_QUALITY]
    table = np.stack([graded.ranked[indicator] for indicator in chosen], axis=1)
    weights = np.array([graded.weights[indicator] for indicator in chosen])
    known = ~np.isnan(table) * weights
    total = known.sum(axis=1)
    weighed = (np.where(np.isnan(table), 0, table) * weights).sum(axis=1)
    return np.where(total > 0, weighed / np.where(total > 0, total, 1), np.nan)


def chart(found: Sequence[Position]) -> list[str]:
    """The chart in characters: growth to the right, quality upwards; `+` where several are."""
    rows = [[" "] * WIDTH for _ in range(HEIGHT)]
    for one in found:
        if one.activity is not None and one.quality is not None:
            across = round((one.activity + 1) / 2 * (WIDTH - 1))
            row = rows[HEIGHT - 1 - round(one.quality * (HEIGHT - 1))]
            mark = MARKS[one.cluster] if one.cluster < len(MARKS) else "*"
            row[across] = mark if row[across] == " " else "+"
    lines = [f"    {'1' if at == 0 else ' '} |{''.join(row)}" for at, row in enumerate(rows)]
    lines[-1] = lines[-1].replace("      |", "    0 |", 1)
    return ["quality", *lines, f"      +{'-' * WIDTH}", f"      -1{'activity'.center(WIDTH - 3)}1"]
