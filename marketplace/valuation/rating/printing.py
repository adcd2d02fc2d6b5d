"""What a rating did, for people at a terminal."""

import unicodedata
from collections.abc import Iterator

from marketplace.valuation.rating.pipeline import Outcome, RatedRecord, reasons_in_words
from marketplace.valuation.rating.portfolio import MARKS, chart

BEST = 10
NAME_WIDTH = 44


def report(outcome: Outcome, grades: list[str]) -> Iterator[str]:
    """All three stages: who was left out and why, clusters and their chart, grades, the best."""
    yield f"screened out, by reason, of {len(outcome.ratings)} records"
    yield from reasons_in_words(outcome.screened)
    yield ""
    yield from _clusters(outcome)
    yield ""
    yield "cohorts: " + ", ".join(f"{name} {size}" for name, size in outcome.cohorts.items())
    yield "grades:  " + ", ".join(f"{one} {outcome.grades.get(one, 0)}" for one in grades)
    yield ""
    yield from _best(outcome)


def _clusters(outcome: Outcome) -> Iterator[str]:
    yield f"   {_padded('cluster', NAME_WIDTH)} filings  activity  quality  place"
    for one in outcome.clusters:
        mark = MARKS[one.cluster] if one.cluster < len(MARKS) else "*"
        activity = "-" if one.activity is None else f"{one.activity:+.2f}"
        quality = "-" if one.quality is None else f"{one.quality:.2f}"
        name = _padded(one.name, NAME_WIDTH)
        yield f"{mark}  {name} {one.filings:>7} {activity:>9} {quality:>8}  {one.place}"
    yield ""
    yield from chart(outcome.clusters)


def _best(outcome: Outcome) -> Iterator[str]:
    graded = [one for one in outcome.ratings if one.score is not None]
    best = sorted(graded, key=lambda one: (-(one.score or 0), one.record))[:BEST]
    yield "best        score  grade  novelty  known  record, and the earlier one nearest to it"
    for place, one in enumerate(best, 1):
        yield f"{place:>4} {one.score:>12.3f}  {one.grade:<5} {_about(one)}"


def _about(one: RatedRecord) -> str:
    novelty = "-" if one.novelty is None else f"{one.novelty:.2f}"
    return f"{novelty:>8} {one.coverage or 0:>6.0%}  {one.record} {one.nearest or ''}"


def _padded(text: str, width: int) -> str:
    """Cut or filled to so many columns of a terminal: Chinese and Korean take two each."""
    shown, used = [], 0
    for character in text:
        used += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used > width:
            used -= 2 if unicodedata.east_asian_width(character) in "WF" else 1
            break
        shown.append(character)
    return "".join(shown) + " " * (width - used)
