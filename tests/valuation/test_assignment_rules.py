"""The draw over random organisations, groups and histories: no rule is ever broken."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.valuation.assignments.rules import (
    Candidate,
    Case,
    Limits,
    Party,
    against,
    decide,
    median,
    spread_basis_points,
)

DAY = date(2026, 6, 30)
ROLES = ("client", "owner", "lender", "buyer", "payer")
INTERESTS = ("stake", "loss_sharing", "prosecution", "employment")
LIMITS = Limits(top_k=3, same_client_max=2, revaluation_months=None)


def candidate(name: str = "a", **changed: Any) -> Candidate:
    usual = Candidate(
        institution=name,
        group=name,
        standing="designated",
        fields=(6, 7),
        purposes=("loan", "transaction"),
        regions=(),
        capacity=5,
        weight=10_000,
        open_cases=0,
        last_asked=None,
        interests=(),
        valued=(),
        client_cases=0,
        asked=False,
    )
    return replace(usual, **changed)


def case(**changed: Any) -> Case:
    usual = Case(
        order="order",
        slot=1,
        day=DAY,
        purpose="loan",
        fields=(7,),
        region=None,
        named=None,
        client="owner",
        parties=(Party("owner", "owner", "client"), Party("bank", "bank group", "lender")),
        rights=("right",),
        limits=LIMITS,
    )
    return replace(usual, **changed)


@pytest.mark.parametrize(
    ("changed", "reasons"),
    [
        ({}, []),
        ({"standing": None}, ["not_designated"]),
        ({"standing": "suspended"}, ["suspended"]),
        ({"fields": (6,)}, ["field"]),
        ({"purposes": ("transaction",)}, ["purpose"]),
        ({"open_cases": 5}, ["capacity"]),
        ({"asked": True}, ["asked_before"]),
        ({"group": "bank group"}, ["group_of_lender"]),
        ({"group": "owner"}, ["group_of_client"]),
        ({"interests": (("stake", "right"), ("employment", "else"))}, ["stake"]),
        ({"interests": (("loss_sharing", "bank group"),)}, ["loss_sharing"]),
        ({"interests": (("prosecution", "right"),)}, ["prosecution"]),
        ({"valued": (("right", date(2001, 1, 1)),)}, ["valued_before"]),
        ({"valued": (("another", DAY),)}, []),
        ({"client_cases": 2}, ["same_client"]),
        ({"client_cases": 1}, []),
    ],
)
def test_each_reason(changed: dict[str, Any], reasons: list[str]) -> None:
    assert [*against(case(), candidate(**changed))] == reasons


def test_what_only_some_cases_ask_for() -> None:
    assert [*against(case(region="KR-11"), candidate(regions=("KR-26",)))] == ["region"]
    assert [*against(case(region="KR-11"), candidate(regions=()))] == []
    assert [*against(case(named="b"), candidate("a"))] == ["not_named"]
    soon = replace(LIMITS, revaluation_months=6)
    for day, reasons in ((date(2025, 12, 31), ["valued_before"]), (date(2025, 12, 30), [])):
        found = against(case(limits=soon), candidate(valued=(("right", day),)))
        assert [*found] == reasons


def test_a_better_tier_carries_more() -> None:
    """Of institutions of equal capacity the cases fall three to two to one."""
    weights = {"a": 15_000, "b": 10_000, "c": 5_000}
    loads: Counter[str] = Counter()
    alone = replace(LIMITS, top_k=1)
    for seed in range(60):
        found = [
            candidate(name, weight=weight, capacity=100, open_cases=loads[name])
            for name, weight in weights.items()
        ]
        loads[str(decide(case(limits=alone), found, seed).chosen)] += 1
    assert loads == {"a": 30, "b": 20, "c": 10}


@pytest.mark.parametrize("seed", [1, 7, 2**61])
def test_the_load_of_equals_differs_by_one_at_most(seed: int) -> None:
    loads: Counter[str] = Counter(dict.fromkeys("abcdefg", 0))
    for number in range(50):
        found = [
            candidate(n, capacity=30, open_cases=loads[n], last_asked=f"{loads[n]:04}")
            for n in loads
        ]
        loads[str(decide(case(), found, seed + number).chosen)] += 1
        assert max(loads.values()) - min(loads.values()) <= 1


def test_seeds_draw_differently_and_each_the_same() -> None:
    equals = [candidate(name) for name in "abcdefgh"]
    drawn = [decide(case(), equals, seed).chosen for seed in range(200)]
    assert drawn == [decide(case(), equals[::-1], seed).chosen for seed in range(200)]
    assert min(Counter(drawn).values()) > 5
    assert set(drawn) == set("abcdefgh")


def test_nobody_is_fit() -> None:
    made = decide(case(), [candidate(standing=None)], 1)
    assert (made.chosen, made.judgements[0].reasons) == (None, ("not_designated",))


def test_how_far_values_lie_apart() -> None:
    assert spread_basis_points([90, 110]) == 2_000
    assert spread_basis_points([100, 100, 100]) == 0
    assert spread_basis_points([0, 0]) == 0
    assert (median([3, 1, 2]), median([10, 11])) == (2, 10)


@dataclass
class Place:
    """Random organisations in random groups, and what happened among them so far."""

    drawn: Random
    parents: dict[str, str] = field(default_factory=dict)
    interests: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    history: list[tuple[str, str, str, date]] = field(default_factory=list)
    """Institution, client, right, day."""

    def __post_init__(self) -> None:
        self.institutions = [f"institution {n}" for n in range(self.drawn.randint(1, 8))]
        self.others = [f"company {n}" for n in range(8)]
        self.everyone = [*self.institutions, *self.others]
        for number, name in enumerate(self.everyone):
            if number and self.drawn.random() < 0.4:
                self.parents[name] = self.drawn.choice(self.everyone[:number])
        for name in self.institutions:
            things = self.drawn.sample([*self.others, "right 1", "right 2"], 2)
            self.interests[name] = {(self.drawn.choice(INTERESTS), thing) for thing in things}
        self.limits = Limits(
            self.drawn.randint(1, 4),
            self.drawn.randint(1, 3),
            self.drawn.choice([None, 6, 24]),
        )

    def top(self, name: str) -> str:
        while name in self.parents:
            name = self.parents[name]
        return name

    def family(self, name: str) -> set[str]:
        return {other for other in self.everyone if self.top(other) == self.top(name)}

    def candidate(self, name: str, client: str) -> Candidate:
        """As the loader would tell it."""
        own = [entry for entry in self.history if entry[0] == name]
        interests = sorted(
            (kind, self.top(thing) if thing in self.everyone else thing)
            for kind, thing in self.interests[name]
        )
        return candidate(
            name,
            group=self.top(name),
            capacity=3,
            open_cases=len(own) % 4,
            last_asked=max((str(entry[3]) for entry in own), default=None),
            interests=tuple(interests),
            valued=tuple(sorted((entry[2], entry[3]) for entry in own)),
            client_cases=sum(self.top(entry[1]) == self.top(client) for entry in own),
        )

    def case(self, day: date) -> Case:
        people = self.drawn.sample(self.everyone, 3)
        parties = [Party(n, self.top(n), r) for n, r in zip(people, ROLES, strict=False)]
        rights = self.drawn.sample([f"right {n}" for n in range(5)], 2)
        return case(
            day=day,
            client=self.top(people[0]),
            parties=tuple(parties),
            rights=tuple(sorted(rights)),
            limits=self.limits,
        )

    def assert_clean(self, told: Case, chosen: str) -> None:
        """By the facts themselves, not by what the rules were given."""
        named = {party.organisation for party in told.parties}
        kin = {one for name in named for one in self.family(name)}
        assert chosen not in kin
        assert not {thing for _, thing in self.interests[chosen]} & (kin | set(told.rights))
        own = [entry for entry in self.history if entry[0] == chosen]
        months = told.limits.revaluation_months
        for _, _, right, day in own:
            if right in told.rights:
                assert months is not None
                assert told.day - day >= timedelta(days=months * 30 - months // 2)
        client = told.parties[0].organisation
        cases = [entry for entry in own if entry[1] in self.family(client)]
        assert len(cases) < told.limits.same_client_max
        assert len(own) % 4 < 3


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=False))
def test_no_conflict_rule_is_ever_broken(drawn: Random) -> None:
    place = Place(drawn)
    day = date(2020, 1, 1)
    for _ in range(25):
        day += timedelta(days=drawn.randint(0, 60))
        told, seed = place.case(day), drawn.getrandbits(62)
        client = told.parties[0].organisation
        candidates = [place.candidate(name, client) for name in place.institutions]
        made = decide(told, candidates, seed)

        stored = orjson.dumps([told.as_json(), [one.as_json() for one in candidates]])
        again_case, again = orjson.loads(stored)
        replayed = decide(Case.of(again_case), [Candidate.of(one) for one in again], seed)
        assert replayed == made
        assert decide(told, drawn.sample(candidates, len(candidates)), seed) == made

        fit = [one for one in candidates if not [*against(told, one)]]
        assert (made.chosen is None) == (not fit)
        if made.chosen is None:
            continue
        place.assert_clean(told, made.chosen)
        found = next(one for one in candidates if one.institution == made.chosen)
        equals = [one.open_cases for one in fit if one.strength == found.strength]
        assert found.open_cases == min(equals)
        right = drawn.choice(told.rights)
        place.history.append((made.chosen, client, right, day))
