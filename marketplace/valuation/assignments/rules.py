"""Who is asked to value something: pure rules over facts, so that a decision can be replayed.

An institution is fit for a case when no reason speaks against it. Of those that are fit the
weighted load decides: open cases over capacity, where a better tier counts as more capacity. Among
institutions of the same weight and capacity only the least loaded are drawn from, so that their
loads never differ by more than one. The seed draws among the best few, which nobody can foresee.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from fractions import Fraction
from itertools import groupby
from typing import Any, Final, Self

DESIGNATED: Final = "designated"
OWN_INTERESTS: Final = ("stake", "loss_sharing", "prosecution", "employment")


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody that a case is about or for, and the group they belong to on the day."""

    organisation: str
    group: str
    role: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What the policy of the purpose says."""

    top_k: int
    same_client_max: int
    revaluation_months: int | None


@dataclass(frozen=True, slots=True)
class Case:
    """What has to be valued for whom. `client` is the client's group; ids are text.

    `continues` is the institution that was drawn when the same group withdrew such an order before:
    where nobody chooses, withdrawing draws nobody else.
    """

    order: str
    slot: int
    day: date
    purpose: str
    fields: tuple[int, ...]
    region: str | None
    named: str | None
    client: str
    parties: tuple[Party, ...]
    rights: tuple[str, ...]
    limits: Limits
    continues: str | None = None

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Self:
        """Read what `as_json` wrote."""
        values = stored | {
            "day": date.fromisoformat(stored["day"]),
            "fields": tuple(stored["fields"]),
            "parties": tuple(Party(**one) for one in stored["parties"]),
            "rights": tuple(stored["rights"]),
            "limits": Limits(**stored["limits"]),
        }
        return cls(**values)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"day": self.day.isoformat()}


@dataclass(frozen=True, slots=True)
class Candidate:
    """An institution as it stands when a case is decided.

    Attributes:
        institution: its id.
        group: the top of its group on the day.
        standing: `designated` or `suspended` on the day; None is neither.
        fields, purposes, regions: its competence; no region is every region.
        capacity: open cases at once.
        weight: how much of all cases it is to get, by its tier; basis points.
        open_cases: what it has to do now.
        last_asked: when it was asked last, ISO 8601; None is never.
        interests: what it declared, as (kind, organisation's group or right).
        valued: rights that it has valued or was valuing, with the day that it was asked.
        client_cases: how many cases of the client's group it had in the policy's days.
        asked: whether it was asked for this order before.
    """

    institution: str
    group: str
    standing: str | None
    fields: tuple[int, ...]
    purposes: tuple[str, ...]
    regions: tuple[str, ...]
    capacity: int
    weight: int
    open_cases: int
    last_asked: str | None
    interests: tuple[tuple[str, str], ...]
    valued: tuple[tuple[str, date], ...]
    client_cases: int
    asked: bool

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Self:
        """Read what `as_json` wrote."""
        values = stored | {
            **{name: tuple(stored[name]) for name in ("fields", "purposes", "regions")},
            "interests": tuple((kind, thing) for kind, thing in stored["interests"]),
            "valued": tuple((right, date.fromisoformat(day)) for right, day in stored["valued"]),
        }
        return cls(**values)

    def as_json(self) -> dict[str, Any]:
        written = {one.name: getattr(self, one.name) for one in fields(self)}
        return written | {"valued": [(right, day.isoformat()) for right, day in self.valued]}

    @property
    def strength(self) -> int:
        """How many cases it can carry; equal strength is equal treatment."""
        return self.capacity * self.weight


@dataclass(frozen=True, slots=True)
class Judgement:
    """Why an institution is not asked; without reasons, its place in the draw or None."""

    institution: str
    reasons: tuple[str, ...]
    rank: int | None = None

    def as_json(self) -> dict[str, Any]:
        return {"institution": self.institution, "reasons": self.reasons, "rank": self.rank}


@dataclass(frozen=True, slots=True)
class Decision:
    """Whom the draw found, and what was found of everybody."""

    chosen: str | None
    judgements: tuple[Judgement, ...]


def decide(case: Case, candidates: Iterable[Candidate], seed: int) -> Decision:
    """Draw an institution for a case; nobody when none is fit.

    The order of the candidates does not matter: the same set and seed decide the same.
    """
    ordered = sorted(candidates, key=lambda one: one.institution)
    reasons = {one.institution: tuple(against(case, one)) for one in ordered}
    fit = [one for one in ordered if not reasons[one.institution]]
    pool = _pool(fit, case.limits.top_k, seed)
    ranks = {one.institution: rank for rank, one in enumerate(pool, start=1)}
    judgements = tuple(
        Judgement(one.institution, reasons[one.institution], ranks.get(one.institution))
        for one in ordered
    )
    return Decision(_chosen(case, fit, pool, seed), judgements)


def _chosen(
    case: Case, fit: Sequence[Candidate], pool: Sequence[Candidate], seed: int
) -> str | None:
    if any(one.institution == case.continues for one in fit):
        return case.continues
    return pool[_draw(seed, "place") % len(pool)].institution if pool else None


def against(case: Case, candidate: Candidate) -> Iterator[str]:
    """Every reason that speaks against an institution."""
    yield from unable(case, candidate)
    yield from conflicts(case, candidate)


def unable(case: Case, candidate: Candidate) -> Iterator[str]:
    """What it may not or cannot do, whoever asks."""
    yield from without_standing(candidate)
    if not set(case.fields) <= set(candidate.fields):
        yield "field"
    if case.purpose not in candidate.purposes:
        yield "purpose"
    if case.region and candidate.regions and case.region not in candidate.regions:
        yield "region"
    if candidate.open_cases >= candidate.capacity:
        yield "capacity"
    if case.named and case.named != candidate.institution:
        yield "not_named"
    if candidate.asked:
        yield "asked_before"


def without_standing(candidate: Candidate) -> Iterator[str]:
    """Whether it may value at all on the day: it is designated, and not suspended."""
    if candidate.standing != DESIGNATED:
        yield candidate.standing or "not_designated"


def partial_to(case: Case, candidate: Candidate) -> Iterator[str]:
    """What binds an institution to somebody or something of a case, whenever it came about."""
    roles = {party.role for party in case.parties if party.group == candidate.group}
    yield from (f"group_of_{role}" for role in sorted(roles))
    things = {party.group for party in case.parties} | set(case.rights)
    declared = {kind for kind, thing in candidate.interests if thing in things}
    yield from (kind for kind in OWN_INTERESTS if kind in declared)


def conflicts(case: Case, candidate: Candidate) -> Iterator[str]:
    """What stands between an institution and this case."""
    yield from partial_to(case, candidate)
    if any(_recently(case, day) for right, day in candidate.valued if right in case.rights):
        yield "valued_before"
    if candidate.client_cases >= case.limits.same_client_max:
        yield "same_client"


def _recently(case: Case, valued_on: date) -> bool:
    months = case.limits.revaluation_months
    if months is None:
        return True
    passed = (case.day.year - valued_on.year) * 12 + case.day.month - valued_on.month
    return passed - (case.day.day < valued_on.day) < months


def _pool(fit: Sequence[Candidate], top_k: int, seed: int) -> list[Candidate]:
    """Whom the draw is among, the best first: the least loaded of each strength."""
    found: list[Candidate] = []
    by_strength = sorted(fit, key=lambda one: (one.strength, one.open_cases))
    for _, equals in groupby(by_strength, key=lambda one: one.strength):
        same = list(equals)
        found += [one for one in same if one.open_cases == same[0].open_cases]
    found.sort(
        key=lambda one: (
            Fraction(one.open_cases + 1, one.strength),
            one.last_asked or "",
            _draw(seed, one.institution),
        )
    )
    return found[:top_k]


def _draw(seed: int, what: str) -> int:
    """A number that follows from the seed on every machine and in every version."""
    digest = hashlib.sha256(f"{seed}:{what}".encode()).digest()
    return int.from_bytes(digest[:8])


def spread_basis_points(values_minor: Sequence[int]) -> int:
    """How far values lie apart: the largest less the smallest, over the median; rounded down."""
    middle = median(values_minor)
    return (max(values_minor) - min(values_minor)) * 10_000 // middle if middle else 0


def median(values_minor: Sequence[int]) -> int:
    """The middle value; of an even number, half way between the middle two, rounded down."""
    ordered = sorted(values_minor)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) // 2
