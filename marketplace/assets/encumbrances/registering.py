"""Facts of an office's register that did not begin here: imported once, however often told."""

import hashlib
from dataclasses import asdict, dataclass
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.assets.encumbrances import service
from marketplace.assets.encumbrances.errors import EntryChangedError
from marketplace.assets.encumbrances.kinds import EncumbranceKind
from marketplace.assets.encumbrances.lifecycle import OPERATOR
from marketplace.assets.encumbrances.models import Encumbrance
from marketplace.assets.encumbrances.scope import Scope
from marketplace.assets.encumbrances.terms import Holder, Registration, Terms
from marketplace.assets.models import Right
from marketplace.kernel.db import lock
from marketplace.kernel.lifecycle import Identity, begin


@dataclass(frozen=True, slots=True)
class Fact:
    """One entry, by the name under which its source knows it."""

    source: str
    entry: str
    kind: EncumbranceKind
    scope: Scope
    holder: Holder
    terms: Terms
    registration: Registration

    def sha256(self, right_id: UUID) -> str:
        told = asdict(self)
        if not self.terms.challenge_accepted:
            del told["terms"]["challenge_accepted"]  # most entries say nothing of it
        content = orjson.dumps([right_id, told], default=str, option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(content).hexdigest()


async def record_fact(
    session: AsyncSession, right_id: UUID, fact: Fact, *, actor: Identity
) -> tuple[Encumbrance, bool]:
    """Record an entry; told again, nothing changes. Says also whether it was new.

    Raises:
        EntryChangedError: the entry is on record with other facts.
        EncumberedError and the other conflicts: what stands has to be ended first.
    """
    await lock(session, Right, right_id)
    known = await _known(session, fact)
    if known is not None:
        if known.entry_sha256 != fact.sha256(right_id):
            raise EntryChangedError
        return known, False
    encumbrance = await service.propose(
        session,
        right_id,
        fact.kind,
        fact.scope,
        holder=fact.holder,
        granted_by=None,
        terms=fact.terms,
        source=fact.source,
    )
    encumbrance.source_entry, encumbrance.entry_sha256 = fact.entry, fact.sha256(right_id)
    begin(session, encumbrance, actor, right_id=right_id, kind=fact.kind)
    await service.register(session, encumbrance, fact.registration, role=OPERATOR, actor=actor)
    return encumbrance, True


async def _known(session: AsyncSession, fact: Fact) -> Encumbrance | None:
    query = select(Encumbrance).where(
        col(Encumbrance.source) == fact.source, col(Encumbrance.source_entry) == fact.entry
    )
    return (await session.execute(query)).scalar_one_or_none()
