"""Every state, move and role of every lifecycle, against the page that people read."""

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import mark_locked, now
from marketplace.kernel.errors import MarketplaceError
from marketplace.kernel.events import Event
from marketplace.kernel.ids import new_id
from marketplace.kernel.lifecycle import (
    CLOCK,
    SYSTEM,
    IllegalMoveError,
    Lifecycle,
    Machine,
    NotYourMoveError,
    VersionMismatchError,
    move,
)
from marketplace.wiring import CLOCKS, LIFECYCLES

PAGE = Path(__file__).parents[2] / "docs" / "lifecycles.md"
EDGE = re.compile(r" {4}(?P<source>\w+) --> (?P<target>\w+): (?P<name>\w+) \((?P<by>[\w, ]+)\)")
LIMIT = re.compile(
    r"\| (?P<state>\w+) \| (?P<move>\w+) after (?P<count>\d+) (?P<unit>days|minutes) \|"
)
MODELS = {clock.model.lifecycle.name: clock.model for clock in CLOCKS}
ACTOR = Machine("user:1")
STRANGERS = ("nobody", "", "Seller", "BUYER", "admin")


class Edge(NamedTuple):
    target: str
    by: frozenset[str]


class Page(NamedTuple):
    """What the page says of one lifecycle."""

    edges: dict[tuple[str, str], Edge]
    limits: dict[str, tuple[str, timedelta]]

    @property
    def roles(self) -> list[str]:
        return sorted({role for edge in self.edges.values() for role in edge.by} | {CLOCK, SYSTEM})


@cache
def read_page(name: str) -> Page:
    section = next(s for s in PAGE.read_text().split("\n## ") if s.startswith(f"{name}\n"))
    edges = {
        (found["source"], found["name"]): Edge(found["target"], frozenset(found["by"].split(", ")))
        for found in EDGE.finditer(section)
    }
    limits = {
        found["state"]: (found["move"], timedelta(**{found["unit"]: int(found["count"])}))
        for found in LIMIT.finditer(section)
    }
    return Page(edges, limits)


def every_try(lifecycle: Lifecycle[Any]) -> Iterator[tuple[Any, str, str]]:
    """Each state with each move, known to it or not, by each role, known to it or not."""
    names = {name for other in LIFECYCLES for name in other.names} | {"", "begin"}
    for state in lifecycle.states:
        for name in sorted(names):
            for role in (*read_page(lifecycle.name).roles, *STRANGERS):
                yield state, name, role


def expected_refusal(edge: Edge | None, role: str) -> type[MarketplaceError]:
    """Even an allowed move is refused to who has read an older version."""
    if edge is None:
        return IllegalMoveError
    return VersionMismatchError if role in edge.by else NotYourMoveError


def standing(name: str, state: Any) -> tuple[AsyncSession, Any]:
    """An aggregate in a state, held by a session that has no need of a database."""
    session = AsyncSession(info={"clock": ShiftedClock()})
    aggregate = MODELS[name](id=new_id(), state=state, version=7, due_at=None)
    mark_locked(session, aggregate)
    return session, aggregate


parametrised = pytest.mark.parametrize("lifecycle", LIFECYCLES, ids=lambda found: found.name)


@parametrised
def test_every_state_move_and_role(lifecycle: Lifecycle[Any]) -> None:
    page = read_page(lifecycle.name)
    allowed = 0
    for state, name, role in every_try(lifecycle):
        edge = page.edges.get((state, name))
        if edge is None:
            with pytest.raises(IllegalMoveError) as refused:
                lifecycle.step(state, name, role=role)
            assert refused.value.extra == {"state": state}
        elif role not in edge.by:
            with pytest.raises(NotYourMoveError) as denied:
                lifecycle.step(state, name, role=role)
            assert denied.value.extra == {"state": state}
        else:
            assert lifecycle.step(state, name, role=role).target == edge.target
            allowed += 1
    assert allowed == sum(len(edge.by) for edge in page.edges.values())


@parametrised
def test_what_is_open_to_a_role_is_what_it_may_do(lifecycle: Lifecycle[Any]) -> None:
    page = read_page(lifecycle.name)
    for state in lifecycle.states:
        for role in (*page.roles, *STRANGERS):
            expected = {n for (s, n), edge in page.edges.items() if s == state and role in edge.by}
            assert set(lifecycle.open_to(state, role)) == expected


@parametrised
def test_an_allowed_move_changes_state_version_clock_and_tells_it(
    lifecycle: Lifecycle[Any],
) -> None:
    page = read_page(lifecycle.name)
    for (source, name), edge in page.edges.items():
        for role in edge.by:
            session, aggregate = standing(lifecycle.name, lifecycle.states(source))
            move(session, aggregate, name, role=role, actor=ACTOR, note="n")

            limit = page.limits.get(edge.target)
            due_at = now(session) + limit[1] if limit else None
            assert (aggregate.state, aggregate.version) == (edge.target, 8)
            assert aggregate.due_at == due_at
            (event,) = session.new
            assert isinstance(event, Event)
            assert (event.type, event.actor) == (f"{lifecycle.name}.{name}", "user:1")
            assert event.subject == f"{lifecycle.name}:{aggregate.id}"
            told = {"from": source, "to": edge.target, "as": role, "note": "n"}
            assert event.data == told


@parametrised
def test_a_refused_move_changes_nothing(lifecycle: Lifecycle[Any]) -> None:
    page = read_page(lifecycle.name)
    for state in lifecycle.states:
        session, aggregate = standing(lifecycle.name, state)
        before = aggregate.model_dump()
        for name in lifecycle.names:
            for role in (*page.roles, *STRANGERS):
                edge = page.edges.get((state, name))
                refusal = expected_refusal(edge, role)
                version = 6 if refusal is VersionMismatchError else 7
                with pytest.raises(refusal):
                    move(session, aggregate, name, role=role, actor=ACTOR, version=version)
        assert aggregate.model_dump() == before
        assert not session.new


@parametrised
def test_the_clock_ends_what_nobody_moves(lifecycle: Lifecycle[Any]) -> None:
    page = read_page(lifecycle.name)
    leaving = {source for (source, _), edge in page.edges.items()}
    assert set(page.limits) == leaving
    for state, (name, _) in page.limits.items():
        assert CLOCK in page.edges[state, name].by


@parametrised
def test_each_clock_runs_moves_of_its_own_table(lifecycle: Lifecycle[Any]) -> None:
    (clock,) = [clock for clock in CLOCKS if clock.model.lifecycle is lifecycle]
    assert set(clock.moves) <= {due.move for due in lifecycle.due.values()}
