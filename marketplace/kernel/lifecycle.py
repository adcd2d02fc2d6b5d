"""A lifecycle is data: states, who may move between them, and what the clock does.

`move` is the only writer of `.state` anywhere in the product.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field

from marketplace.kernel.db import Record, is_locked, moment, now
from marketplace.kernel.errors import ConflictError, ForbiddenError
from marketplace.kernel.events import publish

CLOCK: Final = "clock"
SYSTEM: Final = "system"
"""A fact from another domain (money arrived, a right was reserved), never a caller of the API."""


class IllegalMoveError(ConflictError):
    code = "illegal_move"
    title = "The present state does not allow this"


class NotYourMoveError(ForbiddenError):
    code = "not_your_move"
    title = "It is not your side's turn, or not your role's decision"


class VersionMismatchError(ConflictError):
    code = "version_mismatch"
    title = "It has changed since you read it; read it again"


S = TypeVar("S", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Move(Generic[S]):
    name: str
    sources: frozenset[S]
    target: S
    by: frozenset[str]


@dataclass(frozen=True, slots=True)
class Due(Generic[S]):
    """What the clock does when nobody moved: `move` after `after` in the state."""

    move: str
    after: timedelta


def moves(name: str, sources: Iterable[S] | S, target: S, *by: str) -> Move[S]:
    """Write one row of a lifecycle table."""
    many = frozenset((sources,)) if isinstance(sources, StrEnum) else frozenset(sources)
    return Move(name, many, target, frozenset(by))


class Lifecycle(Generic[S]):
    """A checked table of moves.

    A state's clock is keyed by the state itself, so a clock can never be anchored on another
    state. Building the table fails when a state is unreachable, or when a state that is not
    terminal lacks an exit to another state by an actor, or a move by time (which may be a
    reminder that leaves the state as it is).
    """

    def __init__(
        self,
        name: str,
        states: type[S],
        initial: S,
        table: Iterable[Move[S]],
        due: Mapping[S, Due[S]],
    ) -> None:
        self.name = name
        self.states = states
        self.initial = initial
        self.table = tuple(table)
        self.due = dict(due)
        self._by_step = {(m.name, source): m for m in self.table for source in m.sources}
        self._check()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(m.name for m in self.table))

    def step(self, state: S, name: str, *, role: str) -> Move[S]:
        """The move `name` out of `state`.

        Raises:
            IllegalMoveError: no such move from this state.
            NotYourMoveError: the move exists, but not for this role.
        """
        found = self._by_step.get((name, state))
        if found is None:
            raise IllegalMoveError(f"cannot {name} a {self.name} that is {state}", state=state)
        if role not in found.by:
            allowed = ", ".join(sorted(found.by))
            raise NotYourMoveError(f"{name} is for {allowed}, and you act as {role}", state=state)
        return found

    def open_to(self, state: S, role: str) -> list[str]:
        """The moves that a role may make from a state, in the order of the table."""
        return [m.name for m in self.table if state in m.sources and role in m.by]

    def terminal(self) -> frozenset[S]:
        return frozenset(self.states) - {source for m in self.table for source in m.sources}

    def due_at(self, state: S, since: datetime) -> datetime | None:
        clock = self.due.get(state)
        return since + clock.after if clock else None

    def _check(self) -> None:
        if sum(len(m.sources) for m in self.table) != len(self._by_step):
            raise ValueError(f"{self.name}: a move is listed twice for one state")
        if missing := set(self.states) - self._reachable():
            raise ValueError(f"{self.name}: nothing leads to {', '.join(sorted(missing))}")
        if astray := set(self.due) & self.terminal():
            raise ValueError(f"{self.name}: a clock on the end {', '.join(sorted(astray))}")
        for state in set(self.states) - self.terminal():
            self._check_exits(state)

    def _check_exits(self, state: S) -> None:
        exits = [m for m in self.table if state in m.sources and m.target != state]
        if not any(m.by - {CLOCK, SYSTEM} for m in exits):
            raise ValueError(f"{self.name}: nobody can leave {state}")
        clock = self.due.get(state)
        if clock is None or clock.move not in self.open_to(state, CLOCK):
            raise ValueError(f"{self.name}: time never ends {state}")

    def _reachable(self) -> set[S]:
        seen, frontier = {self.initial}, [self.initial]
        while frontier:
            state = frontier.pop()
            fresh = {m.target for m in self.table if state in m.sources} - seen
            seen |= fresh
            frontier += fresh
        return seen


class Aggregate(Record):
    """A row with a state, a version that counts its changes, and the moment its clock is due."""

    lifecycle: ClassVar[Lifecycle[Any]]

    state: Any
    version: int = Field(default=1)
    due_at: datetime | None = moment(nullable=True)


class Identity(Protocol):
    """Whoever acts, as the event log names it: `user:<id>`, `clock`, `system`."""

    @property
    def label(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Machine:
    """An actor that is no person: the clock, or news from another domain."""

    label: str


BY_CLOCK: Final = Machine(CLOCK)
BY_SYSTEM: Final = Machine(SYSTEM)


def begin(
    session: AsyncSession,
    aggregate: Aggregate,
    actor: Identity,
    *,
    due_at: datetime | None = None,
    **data: Any,
) -> None:
    """Add a new aggregate in its initial state, with its first clock and its first event."""
    state = _state(aggregate)
    aggregate.due_at = due_at or aggregate.lifecycle.due_at(state, now(session))
    session.add(aggregate)
    _tell(session, aggregate, "begin", actor, {"to": state, **data})


def move(
    session: AsyncSession,
    aggregate: Aggregate,
    name: str,
    *,
    role: str,
    actor: Identity,
    version: int | None = None,
    due_at: datetime | None = None,
    **data: Any,
) -> None:
    """Change an aggregate's state, restart its clock and write the event, in this transaction.

    Args:
        session: holds the aggregate's row lock (see `kernel.db.lock`).
        aggregate: what changes; nothing else assigns its `.state`.
        name: the move, as in the lifecycle table.
        role: what the actor is to this aggregate.
        actor: who acts, for the event log.
        version: the version that the caller read, when it insists on it.
        due_at: a clock set by the parties (an offer's validity) in place of the table's.
        data: what else the event says; never confidential text.

    Raises:
        IllegalMoveError, NotYourMoveError, VersionMismatchError: and nothing has changed.
    """
    require_locked(session, aggregate)
    require_version(aggregate, version)
    change = work_out(aggregate, name, role=role, actor=actor, at=now(session), **data)
    change.apply_to(aggregate)
    aggregate.due_at = due_at or change.due_at
    publish(session, change.type, subject=change.subject, actor=change.actor, data=change.data)


class Versioned(Protocol):
    """A row that counts its changes."""

    @property
    def version(self) -> int: ...


def require_version(row: Versioned, version: int | None) -> None:
    """Refuse a change by somebody who read another version of a locked row, when they say which.

    Raises:
        VersionMismatchError: it was changed since.
    """
    if version not in {None, row.version}:
        raise VersionMismatchError(f"you read version {version}, it is {row.version} now")


def require_locked(session: AsyncSession, aggregate: Aggregate) -> None:
    if not is_locked(session, aggregate):
        raise RuntimeError(f"{type(aggregate).__name__} is moved without its row lock")


@dataclass(frozen=True, slots=True)
class Change:
    """A legal move, worked out and not yet written."""

    id: UUID
    target: Any
    version: int
    due_at: datetime | None
    type: str
    subject: str
    actor: str
    data: dict[str, Any]
    at: datetime

    def apply_to(self, aggregate: Aggregate) -> None:
        aggregate.state = self.target
        aggregate.version = self.version
        aggregate.due_at = self.due_at

    def values(self) -> dict[str, Any]:
        """The parameters of `changing`."""
        return {
            "changed_id": self.id,
            "changed_state": str(self.target),
            "changed_version": self.version,
            "changed_due_at": self.due_at,
            "event_type": self.type,
            "event_subject": self.subject,
            "event_actor": self.actor,
            "event_data": orjson.dumps(self.data, default=str).decode(),
            "event_at": self.at,
        }


def work_out(
    aggregate: Aggregate, name: str, *, role: str, actor: Identity, at: datetime, **data: Any
) -> Change:
    """What a move would write; the caller holds the row's lock, and writes all of it or nothing.

    Raises:
        IllegalMoveError, NotYourMoveError: the table does not have it.
    """
    kind, before = aggregate.lifecycle.name, _state(aggregate)
    target = aggregate.lifecycle.step(before, name, role=role).target
    return Change(
        id=aggregate.id,
        target=target,
        version=aggregate.version + 1,
        due_at=aggregate.lifecycle.due_at(target, at),
        type=f"{kind}.{name}",
        subject=f"{kind}:{aggregate.id}",
        actor=actor.label,
        data={"from": before, "to": target, "as": role, **data},
        at=at,
    )


def changing(model: type[Aggregate], *columns: str) -> str:
    """The part of a `Statement` that writes a `Change`, its event, and columns of its row.

    Each column takes a parameter of its own name.
    """
    also = "".join(f", {column} = :{column}" for column in columns)
    return f"""
    changed AS (
        UPDATE {model.__tablename__} SET state = :changed_state, version = :changed_version,
            due_at = :changed_due_at{also}
        WHERE id = :changed_id
    ), told AS (
        INSERT INTO event (type, subject, actor, data, recorded_at)
        VALUES (:event_type, :event_subject, :event_actor, CAST(:event_data AS jsonb), :event_at)
    )
    """  # noqa: S608 - names of our own tables and columns


def _state(aggregate: Any) -> Any:
    return aggregate.state


def _tell(
    session: AsyncSession, aggregate: Aggregate, name: str, actor: Identity, data: dict[str, Any]
) -> None:
    kind = aggregate.lifecycle.name
    publish(
        session, f"{kind}.{name}", subject=f"{kind}:{aggregate.id}", actor=actor.label, data=data
    )
