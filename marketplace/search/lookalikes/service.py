"""What an idea is like: published rights, what is on the market, and its author's own ideas.

Everything that is compared is public or the author's. Which texts are compared, and how many,
follows from those alone, so that nobody else's confidential text changes score, candidates or work.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.assets.models import Right, RightKind
from marketplace.assets.title.models import Ownership
from marketplace.assets.title.queries import owns
from marketplace.documents.service import latest_body, open_body
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.errors import NotFoundError
from marketplace.search.lookalikes.rules import PASSAGE_CHARACTERS, PASSAGES_MAX, likeness
from marketplace.search.lookalikes.schemas import LookAlike, LookAlikes, Source
from marketplace.search.reader import IndexReader
from marketplace.search.text import tokens

CHARACTERS_MAX: Final = PASSAGE_CHARACTERS * PASSAGES_MAX
FOUND_MAX: Final = 40
"""Texts that each index may name."""
OWN_MAX: Final = 40
OWN_TEXTS_MAX: Final = 10
"""Of so many own ideas, the newest, the confidential text is compared too."""
SHOWN_MAX: Final = 10
NEAR_BASIS_POINTS: Final = 1_000

_REGISTER: Final = text(
    """
    SELECT r.id, r.title, coalesce(r.abstract, '') AS more,
        (SELECT array_agg(i.display ORDER BY i.display) FROM right_identifier i
            WHERE i.right_id = r.id) AS numbers
    FROM ip_right r WHERE r.id = ANY (:ids) AND NOT (r.id = ANY (:family))
    """
)
_MARKET: Final = text(
    """
    SELECT l.id, l.title, concat_ws(' ', l.teaser, r.title, r.abstract) AS more,
        (SELECT array_agg(i.display ORDER BY i.display) FROM right_identifier i
            WHERE i.right_id = r.id) AS numbers
    FROM listing_card c JOIN listing l ON l.id = c.listing_id JOIN ip_right r ON r.id = l.right_id
    WHERE c.listed AND l.id = ANY (:ids) AND NOT (r.id = ANY (:family))
    """
)
_FAMILY: Final = text("SELECT right_id FROM filed_idea WHERE idea_id = :right_id")


@dataclass(frozen=True, slots=True)
class _Text:
    source: Source
    id: UUID
    title: str
    numbers: Sequence[str]
    words: str


async def look_alikes(
    session: AsyncSession,
    keyring: Keyring,
    market: IndexReader,
    register: IndexReader,
    right_id: UUID,
    *,
    actor: Actor,
) -> LookAlikes:
    """What is like an idea of the actor's, its confidential text included.

    Raises:
        NotFoundError: it is not theirs, or no idea.
    """
    idea = await session.get(Right, right_id)
    if idea is None or not await owns(session, right_id, actor.organisation_id):
        raise NotFoundError("no such right")
    if idea.kind is not RightKind.IDEA:
        raise NotFoundError("no such idea")
    words = await _whole_text(session, keyring, idea)
    searched = list(dict.fromkeys(tokens(words)))
    family = [idea.id, *(await session.execute(_FAMILY, {"right_id": idea.id})).scalars()]
    found = [
        *await _found(session, Source.REGISTER, register.alike(searched, FOUND_MAX), family),
        *await _found(session, Source.MARKET, market.alike(searched, FOUND_MAX), family),
        *await _own(session, keyring, idea, actor),
    ]
    scores = await asyncio.to_thread(likeness, words, [one.words for one in found])
    return _told(found, scores)


def _told(found: Sequence[_Text], scores: Sequence[int]) -> LookAlikes:
    ranked = sorted(zip(scores, found, strict=True), key=lambda one: (-one[0], str(one[1].id)))
    near = [
        LookAlike(
            source=one.source,
            id=one.id,
            title=one.title,
            numbers=list(one.numbers),
            score_basis_points=score,
        )
        for score, one in ranked
        if score >= NEAR_BASIS_POINTS
    ]
    return LookAlikes(
        score_basis_points=near[0].score_basis_points if near else 0,
        candidates=near[:SHOWN_MAX],
        compared={source: sum(one.source is source for one in found) for source in Source},
    )


async def _whole_text(session: AsyncSession, keyring: Keyring, idea: Right) -> str:
    """What an owner said of an idea, in public and in confidence. Nobody reads it here."""
    body = await latest_body(session, idea.id)
    secret = open_body(keyring, body).decode() if body else ""
    return "\n".join((idea.title, idea.abstract or "", secret))[:CHARACTERS_MAX]


async def _found(
    session: AsyncSession, source: Source, ids: Sequence[UUID], family: Sequence[UUID]
) -> list[_Text]:
    query = _REGISTER if source is Source.REGISTER else _MARKET
    rows = (await session.execute(query, {"ids": ids, "family": family})).all() if ids else []
    return [
        _Text(source, row.id, row.title, row.numbers or (), f"{row.title}\n{row.more}")
        for row in sorted(rows, key=lambda row: str(row.id))
    ]


async def _own(session: AsyncSession, keyring: Keyring, idea: Right, actor: Actor) -> list[_Text]:
    """The actor's other ideas, the newest ones with their confidential texts."""
    query = (
        select(Right)
        .join(Ownership, col(Ownership.right_id) == col(Right.id))
        .where(
            col(Ownership.organisation_id) == actor.organisation_id,
            col(Ownership.owned_until).is_(None),
            col(Right.kind) == RightKind.IDEA,
            col(Right.id) != idea.id,
        )
        .order_by(col(Right.id).desc())
        .limit(OWN_MAX)
    )
    ideas = (await session.execute(query)).scalars().all()
    newest = [await _whole_text(session, keyring, one) for one in ideas[:OWN_TEXTS_MAX]]
    others = (f"{one.title}\n{one.abstract or ''}" for one in ideas[OWN_TEXTS_MAX:])
    return [
        _Text(Source.OWN, one.id, one.title, (), words)
        for one, words in zip(ideas, chain(newest, others), strict=True)
    ]
