"""Stage 3: the fourteen indicators, each measured from what the corpus shows."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from marketplace.valuation.indicators import Indicator
from marketplace.valuation.library.working import Array
from marketplace.valuation.rating.claims import Claimed
from marketplace.valuation.rating.clusters import Labels
from marketplace.valuation.rating.records import Facts
from marketplace.valuation.rating.screening import term_left
from marketplace.valuation.registry.contents import RatingContent

READINESS_MAX: Final = 9
DAYS_A_YEAR: Final = 365.25


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is measured: the records that passed the screen, and what stage 2 found of them."""

    facts: Sequence[Facts]
    claims: Sequence[Claimed]
    labels: Labels
    novelty: Array
    cited: Mapping[str, int]
    as_of: date


def measured(corpus: Corpus, rules: RatingContent) -> dict[Indicator, Array]:
    """Each indicator of each record; NaN where nothing was recorded to measure it by."""
    facts, screening = corpus.facts, rules.screening
    fields = fields_of(corpus, rules.recent_years)
    own = [fields[label] for label in corpus.labels.tolist()]
    pairs = list(zip(facts, own, strict=True))
    return {
        Indicator.ADVANCEMENT: _advancement(corpus),
        Indicator.MATURITY: _known(
            one.readiness / READINESS_MAX
            if one.readiness
            else (1.0 if one.is_granted(corpus.as_of) else 0.5)
            for one in facts
        ),
        Indicator.MONOPOLY: _known(
            field.owners[one.owner] / field.filings if one.owner else None for one, field in pairs
        ),
        Indicator.COVERAGE: _known(
            len(one.subclasses) * one.offices if one.subclasses else None for one in facts
        ),
        Indicator.MARKET_SCALE: _known(field.recent for field in own),
        Indicator.MARKET_APPLICATION: _known(_applications(one) for one in facts),
        Indicator.MARKET_COMPETITION: _known(1 - field.concentration for field in own),
        Indicator.LICENSING_AND_TRANSFER: _known(one.deals for one in facts),
        Indicator.TECHNOLOGY_LIFE_CYCLE: _known(field.recent / field.filings for field in own),
        Indicator.PATENT_LIFE: _known(term_left(one, screening, corpus.as_of) for one in facts),
        Indicator.LITIGATION: _known(one.challenges_survived for one in facts),
        Indicator.INFRINGEMENT: _known(one.seen for one in corpus.claims),
        Indicator.PROTECTION_SCOPE: _known(one.scope for one in corpus.claims),
        Indicator.TEXT_QUALITY: _known(one.support for one in corpus.claims),
    }


@dataclass(frozen=True, slots=True)
class Field:
    """What the filings of one cluster show."""

    filings: int
    recent: int
    before: int
    owners: Counter[str]

    @property
    def concentration(self) -> float:
        """Herfindahl and Hirschman: the sum of squared shares; who is unknown is nobody else."""
        unknown = self.owners[""]
        squares = sum(count**2 for owner, count in self.owners.items() if owner)
        return (squares + unknown) / self.filings**2

    @property
    def activity(self) -> float | None:
        """Growth of filings, from -1 to 1; None where nobody files any more."""
        total = self.recent + self.before
        return (self.recent - self.before) / total if total else None


def fields_of(corpus: Corpus, recent_years: int) -> dict[int, Field]:
    """What the filings of each cluster show, by its number."""
    members: dict[int, list[Facts]] = defaultdict(list)
    for one, label in zip(corpus.facts, corpus.labels.tolist(), strict=True):
        members[label].append(one)
    return {
        label: Field(
            filings=len(found),
            recent=_filed(found, corpus.as_of, 0, recent_years),
            before=_filed(found, corpus.as_of, recent_years, 2 * recent_years),
            owners=Counter(one.owner for one in found),
        )
        for label, found in members.items()
    }


def _filed(found: Iterable[Facts], as_of: date, youngest: int, oldest: int) -> int:
    """How many were filed so many years before."""
    ages = ((as_of - one.began).days / DAYS_A_YEAR for one in found if one.began)
    return sum(youngest <= age < oldest for age in ages)


def _known(values: Iterable[float | None]) -> Array:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _applications(one: Facts) -> int | None:
    if one.products is not None:
        return one.products
    return len({code[:3] for code in one.subclasses}) or None


def _advancement(corpus: Corpus) -> Array:
    """The mean of what is known: rank by citations among the same field and year, and novelty."""
    cited = _citations(corpus)
    groups = [
        (one.subclasses[0][0] if one.subclasses else "", one.began.year if one.began else 0)
        for one in corpus.facts
    ]
    ranked = ranks(cited, np.unique([f"{s}{y}" for s, y in groups], return_inverse=True)[1])
    both = np.stack([ranked, corpus.novelty])
    known = ~np.isnan(both)
    total = np.where(known, both, 0).sum(axis=0)
    count = known.sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _citations(corpus: Corpus) -> Array:
    """Forward citations: as recorded, else those of the corpus, if it has any at all."""
    seen = [corpus.cited.get(one.key, 0) for one in corpus.facts]
    told = any(seen)
    return _known(
        one.cited_by if one.cited_by is not None else count if told else None
        for one, count in zip(corpus.facts, seen, strict=True)
    )


def ranks(values: Array, groups: Labels) -> Array:
    """The share of the known values of its group that each exceeds, equals counting half."""
    found = np.full(len(values), np.nan)
    for group in np.unique(groups):
        members = np.flatnonzero((groups == group) & ~np.isnan(values))
        ordered = np.sort(values[members])
        below = np.searchsorted(ordered, values[members], side="left")
        upto = np.searchsorted(ordered, values[members], side="right")
        found[members] = (below + upto) / 2 / max(1, len(members))
    return found
