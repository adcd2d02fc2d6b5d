"""What each domain says of the personal data that it holds; wiring collects it.

A table is either shown in a person's export, column by column, or named as one that tells nothing
of persons; a test finds what was forgotten. What of a person outlives their erasure is named too.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from marketplace.kernel.events import Event

OWN: Final = "ANY (CAST(:own_ids AS uuid[]))"
"""In the condition of a section: the organisations of kind `person` that are the person."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A person as the subject of data. In the log they are `label`, before and after erasure."""

    user_id: UUID
    own_ids: Sequence[UUID]
    """Organisations of kind `person`, which are the person."""
    lone_ids: Sequence[UUID]
    """Other organisations that nobody else is a member of, which nobody could act for."""

    @property
    def label(self) -> str:
        return f"user:{self.user_id}"

    @property
    def answerable_ids(self) -> list[UUID]:
        """The organisations whose obligations would be left to nobody."""
        return [*self.own_ids, *self.lone_ids]

    @property
    def values(self) -> dict[str, Any]:
        """What the condition of a section may ask for."""
        own_ids = list(self.own_ids)
        return {"user_id": self.user_id, "label": self.label, "own_ids": own_ids}


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of one table that are about a person, as their export shows them.

    `where` is SQL over `:user_id`, `:label` and `OWN`. Each column that is not shown is in
    `left_out` with the reason.
    """

    name: str
    model: type[SQLModel]
    columns: tuple[str, ...]
    where: str
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Obligation:
    """Something that has to be finished before a person can be erased."""

    code: str
    subject: str
    detail: str

    def as_extra(self) -> dict[str, str]:
        """How a problem document shows it."""
        return asdict(self)


async def _nothing(session: AsyncSession, holder: Holder) -> None:
    pass


async def _none(session: AsyncSession, holder: Holder) -> list[Obligation]:
    return []


@dataclass(frozen=True, slots=True)
class PersonalData:
    """One domain's contribution.

    Erasing asks all domains to `take_back` what is on offer, then for `obligations`, and if there
    are none, to `erase`; all in one transaction.
    """

    sections: tuple[Section, ...] = ()
    impersonal: Mapping[str, str] = field(default_factory=dict)
    """Tables that tell nothing of persons, with the reason."""
    kept: Mapping[str, str] = field(default_factory=dict)
    """Columns (`table.column`) that outlive an erasure, with the reason."""
    take_back: Callable[[AsyncSession, Holder], Awaitable[None]] = _nothing
    obligations: Callable[[AsyncSession, Holder], Awaitable[list[Obligation]]] = _none
    erase: Callable[[AsyncSession, Holder], Awaitable[None]] = _nothing


EVENT_COLUMNS: Final = ("sequence", "type", "subject", "actor", "data", "recorded_at")
_EVENT_LEFT_OUT: Final = {"transaction_id": "an inner number of the database"}


def events_about(name: str, subject: str, ids: str) -> Section:
    """What happened to the things of one kind, whose ids the SQL `ids` finds."""
    where = f"subject IN (SELECT '{subject}:' || found.id FROM ({ids}) found)"
    return Section(name, Event, EVENT_COLUMNS, where, _EVENT_LEFT_OUT)


def deeds(name: str) -> Section:
    """What the person did, for whichever organisation."""
    columns = tuple(column for column in EVENT_COLUMNS if column != "data")
    reason = "what somebody did for an organisation is told without that organisation's figures"
    return Section(name, Event, columns, "actor = :label", _EVENT_LEFT_OUT | {"data": reason})
