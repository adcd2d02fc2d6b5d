"""Facts of office registers, loaded from a file or over the API. Loaded again, nothing changes."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

import orjson
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.assets.identifiers import parse
from marketplace.assets.knowing import learn
from marketplace.assets.models import LegalEvent, LegalEventKind, Right, RightIdentifier
from marketplace.assets.register.codes import Meanings, meaning_of, meanings_of
from marketplace.assets.register.errors import MalformedFactsError
from marketplace.assets.register.models import Retraction
from marketplace.assets.register.schemas import (
    RegisterEvent,
    RegisterFacts,
    RegisterImported,
    RegisterRight,
)
from marketplace.assets.standing.errors import IllegalLegalEventError
from marketplace.assets.standing.rules import OWNER
from marketplace.assets.standing.schemas import LegalFact
from marketplace.assets.standing.service import (
    Told,
    add_event,
    add_retraction,
    note_check,
    reproject,
    require_possible,
    tell,
)
from marketplace.kernel.clock import latest_date
from marketplace.kernel.db import now
from marketplace.kernel.lifecycle import Identity, Machine
from marketplace.settings import first_problem

BY_COMMAND_LINE: Final = Machine("command_line")


@dataclass
class _Import:
    """One import under way: what it says, and what came of it so far."""

    facts: RegisterFacts
    meanings: Meanings
    today: date
    actor: Identity
    recorded_by: UUID | None
    done: Counter[str] = field(default_factory=Counter)
    unknown_rights: list[str] = field(default_factory=list)
    unknown_codes: set[str] = field(default_factory=set)
    changed: list[str] = field(default_factory=list)

    @property
    def source(self) -> str:
        return f"{self.facts.origin} as of {self.facts.as_of}"


def read_facts(content: bytes) -> RegisterFacts:
    """The facts of a JSON file; raises MalformedFactsError for anything else."""
    try:
        return RegisterFacts.model_validate_json(content)
    except ValidationError as error:
        raise MalformedFactsError(first_problem(error)) from error


async def import_facts(
    session: AsyncSession,
    facts: RegisterFacts,
    *,
    actor: Identity = BY_COMMAND_LINE,
    recorded_by: UUID | None = None,
) -> RegisterImported:
    """Add what is not known of these facts, in one transaction, and project each right once.

    Raises:
        InvalidIdentifierError: a number that is none.
        MalformedFactsError: an event that cannot be. Nothing was loaded.
    """
    if facts.origin == OWNER:
        raise MalformedFactsError("what owners declare is no register")
    today = latest_date(now(session))
    meanings = await meanings_of(session, facts.scheme)
    running = _Import(facts, meanings, today, actor, recorded_by)
    rights = [(await _right_id(session, told, running), told) for told in facts.rights]
    known = [(right_id, told) for right_id, told in rights if right_id]
    for right_id, told in sorted(known, key=lambda pair: str(pair[0])):
        try:
            await _load(session, right_id, told, running)
        except (IllegalLegalEventError, ValidationError) as error:
            raise MalformedFactsError(f"right {right_id}: {_words(error)}") from error
    return RegisterImported(
        new=running.done["new"],
        known=running.done["known"],
        retracted=running.done["retracted"],
        unknown_rights=running.unknown_rights,
        unknown_codes=sorted(running.unknown_codes),
        changed=running.changed,
    )


def _words(error: Exception) -> str:
    return first_problem(error) if isinstance(error, ValidationError) else str(error)


async def _right_id(session: AsyncSession, told: RegisterRight, running: _Import) -> UUID | None:
    found = parse(told.number, office=told.office, document_class=told.document_class)
    query = select(RightIdentifier.right_id).where(
        col(RightIdentifier.office) == found.office,
        col(RightIdentifier.document_class) == found.document_class,
        col(RightIdentifier.normalized) == found.normalized,
    )
    right_id = (await session.execute(query)).scalar_one_or_none()
    if right_id is None:
        running.unknown_rights.append(found.display)
    return right_id


async def _load(
    session: AsyncSession, right_id: UUID, told: RegisterRight, running: _Import
) -> None:
    learned_before = (await session.get_one(Right, right_id)).known_at
    right, _ = await learn(session, right_id)
    known = await _known(session, right_id, running.facts.origin)
    retracted = running.done["retracted"]
    added = [
        event
        for one in told.events
        if (event := await _take(session, right, one, known, running)) is not None
    ]
    checked = await note_check(
        session,
        right,
        origin=running.facts.origin,
        as_of=running.facts.as_of,
        source=running.source,
        recorded_by=running.recorded_by,
    )
    await session.flush()
    if not (checked or added or running.done["retracted"] > retracted):
        right.known_at = learned_before
        return
    standing = await reproject(session, right, actor=running.actor)
    for event in added:
        tell(session, right, event, standing, actor=running.actor)
    await session.flush()


async def _known(session: AsyncSession, right_id: UUID, origin: str) -> dict[str, LegalEvent]:
    """Every fact that the register has told, also those taken back, by its key."""
    query = select(LegalEvent).where(
        col(LegalEvent.right_id) == right_id, col(LegalEvent.origin) == origin
    )
    return {event.event_key: event for event in (await session.execute(query)).scalars()}


async def _take(
    session: AsyncSession,
    right: Right,
    one: RegisterEvent,
    known: dict[str, LegalEvent],
    running: _Import,
) -> LegalEvent | None:
    """Keep one event that is new; a correction takes back the fact that it names."""
    if one.retracts is not None:
        await _retract(session, right, one.retracts, known, running)
        return None
    payload = one.model_dump(mode="json", exclude_none=True)
    key = one.id or hashlib.sha256(orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)).hexdigest()
    if key in known:
        running.done["known"] += 1
        if known[key].payload != payload:
            running.changed.append(f"{right.id} {key}")
        return None
    told = _told(right, one, key, payload, running)
    require_possible(right, told, today=running.today)
    running.done["new"] += 1
    known[key] = add_event(session, right, told, recorded_by=running.recorded_by)
    return known[key]


def _told(
    right: Right, one: RegisterEvent, key: str, payload: dict[str, object], running: _Import
) -> Told:
    kind = one.kind or meaning_of(running.meanings, right.office or "", one.code or "")
    if kind is None:
        running.unknown_codes.add(one.code or "")
    given = one.model_dump(include={"effective_on", "claims", "fee_year", "extension_days"})
    fact = LegalFact.model_validate(
        {"kind": kind or LegalEventKind.OTHER, "occurred_on": one.on, **given}
    )
    told = {name: getattr(fact, name) for name in LegalFact.model_fields}
    return Told(
        **told,
        source=running.source,
        origin=running.facts.origin,
        event_key=key,
        code=one.code,
        payload=payload,
    )


async def _retract(
    session: AsyncSession,
    right: Right,
    key: str,
    known: dict[str, LegalEvent],
    running: _Import,
) -> None:
    if key not in known:
        raise MalformedFactsError(f"right {right.id}: it takes back what it has not told")
    await session.flush()
    event_id = known[key].id
    query = select(Retraction.id).where(col(Retraction.legal_event_id) == event_id)
    if (await session.execute(query)).first() is not None:
        running.done["known"] += 1
        return
    add_retraction(session, right, event_id, running.source, recorded_by=running.recorded_by)
    running.done["retracted"] += 1
