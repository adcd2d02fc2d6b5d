"""Three stages over a file of patent records: screen, classify, rate.

Texts are read twice and never all held: once to make vectors of them, once to name the clusters.
What stays in memory grows with the number of records, not with its square.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy import sparse

from marketplace.valuation.library.working import Array
from marketplace.valuation.rating.claims import Claimed, claimed
from marketplace.valuation.rating.clusters import Clustered, cluster, how_many
from marketplace.valuation.rating.grading import Graded, cohorts, graded
from marketplace.valuation.rating.measures import Corpus, fields_of, measured
from marketplace.valuation.rating.naming import Vocabulary, names_of
from marketplace.valuation.rating.novelty import Novelty, novelty
from marketplace.valuation.rating.portfolio import Position, positions
from marketplace.valuation.rating.records import Facts, Said, digest, read
from marketplace.valuation.rating.screening import WORDS, Reason, reasons_against
from marketplace.valuation.rating.texts import Matrix, Vectoriser, of_length_one
from marketplace.valuation.registry.contents import RatingContent, TextRules, WeightSetContent

SAY_EVERY: Final = 1_000


@dataclass(frozen=True, slots=True)
class RatedRecord:
    """What is said of one record: the reasons not to rate it, or its rating."""

    record: str
    reasons: list[Reason]
    cohort: str | None = None
    cluster: int | None = None
    novelty: float | None = None
    nearest: str | None = None
    coverage: float | None = None
    score: float | None = None
    grade: str | None = None
    at_risk: bool = False
    indicators: dict[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A rating of a whole corpus."""

    corpus_sha256: str
    ratings: list[RatedRecord]
    clusters: list[Position]
    cohorts: dict[str, int]
    weights: dict[str, float]
    passes: int

    @property
    def screened(self) -> dict[str, int]:
        return dict(Counter(reason.value for one in self.ratings for reason in one.reasons))

    @property
    def grades(self) -> dict[str, int]:
        return dict(Counter(one.grade for one in self.ratings if one.grade))

    def summary(self) -> dict[str, Any]:
        """What is stored of it beside the ratings."""
        return {
            "screened": self.screened,
            "clusters": [position.as_json() for position in self.clusters],
            "cohorts": self.cohorts,
            "weights": self.weights,
            "grades": self.grades,
            "clustering_passes": self.passes,
        }


@dataclass
class _Screened:
    """What stage 1 leaves: the facts without their texts, vectors, and who was left out."""

    facts: list[Facts] = field(default_factory=list)
    claims: list[Claimed] = field(default_factory=list)
    left_out: list[RatedRecord] = field(default_factory=list)
    cited: Counter[str] = field(default_factory=Counter)


def rate(
    path: Path,
    rules: RatingContent,
    weight_set: WeightSetContent,
    *,
    as_of: date,
    seed: int,
    say: Said,
) -> Outcome:
    """Screen, classify and rate the records of a file of JSON lines.

    The same file, rules, weights, day and seed give the same outcome.

    Raises:
        UnreadableRecordError: a line is no record.
    """
    sha256 = digest(path)
    passed, texts, classes = _screen(path, rules, as_of, say)
    if not passed.facts:
        return Outcome(sha256, passed.left_out, [], {}, {}, 0)
    grouped, found_new = _classify(texts, classes, passed.facts, rules.text, seed, say)
    corpus = Corpus(
        passed.facts, passed.claims, grouped.labels, found_new.scores, passed.cited, as_of
    )
    names, labels = cohorts(passed.facts, rules.cohort_min)
    marks = graded(measured(corpus, rules), labels, weight_set, rules)
    vocabularies = _vocabularies(path, passed.facts, grouped)
    fields = fields_of(corpus, rules.recent_years)
    placed = positions(names_of(vocabularies), fields, grouped.labels, marks)
    sizes = dict(zip(names, np.bincount(labels).tolist(), strict=True))
    of_record = [names[label] for label in labels.tolist()]
    ratings = [*passed.left_out, *_rated(corpus, marks, found_new, of_record)]
    say(f"stage 3: {sum(one.grade is not None for one in ratings)} graded in {len(sizes)} cohorts")
    weights = {name.value: round(weight, 6) for name, weight in marks.weights.items()}
    return Outcome(sha256, ratings, placed, sizes, weights, grouped.passes)


def _screen(
    path: Path, rules: RatingContent, as_of: date, say: Said
) -> tuple[_Screened, Matrix, Matrix]:
    """Stage 1, and on the way the vectors of what passes: of texts, and of IPC subclasses."""
    text = rules.text
    found, seen = _Screened(), set[str]()
    texts = Vectoriser(text.letters_ngram, text.cjk_ngram, text.hash_bits)
    classes = Vectoriser(text.letters_ngram, text.cjk_ngram, text.hash_bits)
    for count, facts in enumerate(read(path), 1):
        reasons = reasons_against(facts, rules.screening, as_of)
        repeated = facts.number in seen
        seen.add(facts.number)
        if not repeated and facts.is_filed(as_of):
            found.cited.update(set(facts.cites))
        if repeated:
            say(f"stage 1: {facts.number} is there twice; the first counts")
        elif reasons:
            found.left_out.append(RatedRecord(facts.number, reasons))
        else:
            texts.add(facts.text)
            classes.add_whole(facts.subclasses)
            found.claims.append(claimed(facts))
            found.facts.append(_without_texts(facts))
        if count % SAY_EVERY == 0:
            say(f"stage 1: {count} records read")
    say(
        f"stage 1: {len(seen)} records, {len(found.facts)} pass, {len(found.left_out)} screened out"
    )
    own = {facts.key for facts in found.facts}
    found.cited = Counter({key: n for key, n in found.cited.items() if key in own})
    return found, texts.matrix(), classes.matrix()


def _without_texts(facts: Facts) -> Facts:
    return replace(facts, title="", text="", first_claim="", cites=())


def _classify(
    texts: Matrix, classes: Matrix, facts: list[Facts], rules: TextRules, seed: int, say: Said
) -> tuple[Clustered, Novelty]:
    count = how_many(len(facts), rules.clusters_max)
    joined = of_length_one(sparse.hstack([texts, classes * rules.ipc_weight], format="csr"))
    grouped = cluster(joined, count=count, passes_max=rules.passes_max, seed=seed)
    say(f"stage 2: {grouped.count} clusters after {grouped.passes} passes")
    found = novelty(texts, facts)
    say(f"stage 2: {int((~np.isnan(found.scores)).sum())} compared with earlier texts")
    return grouped, found


def _vocabularies(path: Path, facts: list[Facts], grouped: Clustered) -> list[Vocabulary]:
    """The second reading: which words the texts of each cluster have."""
    cluster_of = dict(zip((one.number for one in facts), grouped.labels.tolist(), strict=True))
    found = [Vocabulary() for _ in range(grouped.count)]
    for one in read(path):
        label = cluster_of.pop(one.number, None)
        if label is not None:
            found[label].add(one)
    return found


def _rated(
    corpus: Corpus, marks: Graded, found: Novelty, cohort_of: list[str]
) -> Iterator[RatedRecord]:
    for at, facts in enumerate(corpus.facts):
        grade, nearest = marks.grades[at], int(found.nearest[at])
        yield RatedRecord(
            record=facts.number,
            reasons=[] if grade else [Reason.TOO_LITTLE_KNOWN],
            cohort=cohort_of[at],
            cluster=int(corpus.labels[at]),
            novelty=_shown(found.scores, at),
            nearest=corpus.facts[nearest].number if nearest >= 0 else None,
            coverage=_shown(marks.coverage, at),
            score=_shown(marks.scores, at),
            grade=grade,
            at_risk=facts.challenges_open > 0,
            indicators={name.value: _shown(ranked, at) for name, ranked in marks.ranked.items()},
        )


def _shown(values: Array, at: int) -> float | None:
    value = float(values[at])
    return None if np.isnan(value) else round(value, 6)


def reasons_in_words(screened: dict[str, int]) -> list[str]:
    """How many were left out for each reason; one record may have several."""
    return [f"{count:>7}  {WORDS[Reason(reason)]}" for reason, count in sorted(screened.items())]
