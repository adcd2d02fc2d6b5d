"""Stage 3: indicators to ranks within a cohort, ranks to a score, scores to grades."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from marketplace.valuation.errors import EntropyUndefinedError
from marketplace.valuation.indicators import Indicator
from marketplace.valuation.library.weighting import dynamic_weights, entropy_weights
from marketplace.valuation.library.working import Array
from marketplace.valuation.rating.clusters import Labels
from marketplace.valuation.rating.measures import ranks
from marketplace.valuation.rating.records import Facts
from marketplace.valuation.registry.contents import RatingContent, WeightSetContent

NEUTRAL = 0.5
"""The rank of what is unknown, where entropy needs a number."""


@dataclass(frozen=True, slots=True)
class Graded:
    """Ranks by indicator, and of each record its score, how much was known, and its grade."""

    ranked: Mapping[Indicator, Array]
    weights: Mapping[Indicator, float]
    scores: Array
    coverage: Array
    grades: list[str | None]


def cohorts(facts: Sequence[Facts], least: int) -> tuple[list[str], Labels]:
    """Who is graded against whom: sections of the IPC; those with too few records together."""
    sections = [one.subclasses[0][0] if one.subclasses else "" for one in facts]
    large = {s for s in set(sections) if s and sections.count(s) >= least}
    named = [f"IPC section {s}" if s in large else "other IPC sections" for s in sections]
    if 0 < named.count("other IPC sections") < least:
        named = ["all IPC sections"] * len(facts) if not large else named
    names, labels = np.unique(named, return_inverse=True)
    return [str(name) for name in names], labels


def graded(
    values: Mapping[Indicator, Array],
    labels: Labels,
    weight_set: WeightSetContent,
    rules: RatingContent,
) -> Graded:
    """Rank within the cohort, weigh what is known, and cut the cohort into grades.

    An indicator that was not measured counts neither for nor against: the weights of the others
    are scaled up, and `coverage` says what part of all weight they had.
    """
    ranked = {indicator: ranks(values[indicator], labels) for indicator in Indicator}
    table = np.stack([ranked[indicator] for indicator in Indicator], axis=1)
    weights = _effective(table, weight_set)
    known = ~np.isnan(table)
    coverage = known.astype(np.float64) @ weights
    total = np.where(known, table, 0) @ weights
    enough = (coverage > 0) & (coverage >= rules.coverage_min)
    scores = np.where(enough, total / np.where(enough, coverage, 1), np.nan)
    # Six decimals are more than the inputs carry, and the same on every processor.
    scores = np.asarray(np.round(scores, 6), dtype=np.float64)
    by_name = dict(zip(Indicator, weights.tolist(), strict=True))
    return Graded(ranked, by_name, scores, coverage, _grades(scores, labels, rules))


def _effective(table: Array, weight_set: WeightSetContent) -> Array:
    """The published weights, corrected by the spread of the cohort where the set says so."""
    assert weight_set.weights is not None
    published = np.array([weight_set.weights[indicator] for indicator in Indicator])
    if not weight_set.entropy_share or len(table) < 2:  # noqa: PLR2004 - entropy compares
        return published
    try:
        told = entropy_weights(np.where(np.isnan(table), NEUTRAL, table))
    except EntropyUndefinedError:
        return published
    return dynamic_weights(published, told, 1 - weight_set.entropy_share)


def _grades(scores: Array, labels: Labels, rules: RatingContent) -> list[str | None]:
    """The best share of each cohort has the first grade, and so on; equal scores share theirs."""
    placed = 1 - ranks(scores, labels)
    ends = np.cumsum(rules.grade_percents) / 100
    at = np.minimum(np.searchsorted(ends, placed, side="left"), len(ends) - 1)
    return [
        None if np.isnan(place) else rules.grades[index]
        for place, index in zip(placed.tolist(), at.tolist(), strict=True)
    ]
