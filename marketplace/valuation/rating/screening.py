"""Stage 1: what is not worth rating, and why."""

from datetime import date
from enum import StrEnum

from marketplace.valuation.rating.records import Facts
from marketplace.valuation.registry.contents import ScreeningRules


class Reason(StrEnum):
    DESIGN = "design"
    ENDED = "ended"
    TERM_OVER = "term_over"
    NO_DATE = "no_date"
    NOT_FILED_YET = "not_filed_yet"
    NOT_GRANTED = "not_granted"
    NO_TEXT = "no_text"
    REPEATED = "repeated"
    TOO_LITTLE_KNOWN = "too_little_known"


WORDS = {
    Reason.DESIGN: "a design protects a shape: there is no technology to rate",
    Reason.ENDED: "lapsed, refused, withdrawn, surrendered or invalidated",
    Reason.TERM_OVER: "the term of protection is over",
    Reason.NO_DATE: "neither a priority nor a filing date is known",
    Reason.NOT_FILED_YET: "it was filed after the day of the rating",
    Reason.NOT_GRANTED: "the model rates what is granted only",
    Reason.NO_TEXT: "too little text to compare",
    Reason.REPEATED: "the corpus has it already",
    Reason.TOO_LITTLE_KNOWN: "too few indicators could be measured (found in stage 3)",
}


def reasons_against(facts: Facts, rules: ScreeningRules, as_of: date) -> list[Reason]:
    """Every reason not to rate it, in a fixed order; none when it goes on to stage 2."""
    found = {
        Reason.DESIGN: facts.kind == "design",
        Reason.ENDED: facts.ended_as is not None,
        Reason.NO_DATE: facts.began is None,
        Reason.TERM_OVER: term_left(facts, rules, as_of) <= 0,
        Reason.NOT_FILED_YET: facts.began is not None and facts.began > as_of,
        Reason.NOT_GRANTED: rules.granted_only and not facts.is_granted(as_of),
        Reason.NO_TEXT: len(facts.text) < rules.characters_min,
    }
    return [reason for reason, holds in found.items() if holds]


def term_left(facts: Facts, rules: ScreeningRules, as_of: date) -> float:
    """The part of its term that is left, from 1 on the first day to 0 and below after the last.

    It is a rough measure for rating: the register's own day counts wherever law is concerned.
    """
    years = rules.term_years.get(facts.kind)  # type: ignore[call-overload] # a design has no term
    if years is None or facts.began is None:
        return 1.0
    return float(1 - (as_of - facts.began).days / (years * 365.25))
