"""What organisations do not want to be shown."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.organisations.queries import get_organisation
from marketplace.documents.disclosures.errors import NotWantedError
from marketplace.documents.disclosures.models import UnwantedIdea
from marketplace.documents.disclosures.schemas import UnwantedAdd
from marketplace.kernel.db import now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id

_UNWANTED: Final = text(
    """
    SELECT EXISTS (
        SELECT FROM unwanted_idea u
        WHERE u.organisation_id = :organisation_id AND (
            EXISTS (SELECT FROM ip_right r, unnest(r.classifications) AS c (symbol)
                WHERE r.id = :right_id AND starts_with(c.symbol, u.classification))
            OR EXISTS (SELECT FROM ownership o WHERE o.right_id = :right_id
                AND o.owned_until IS NULL AND o.organisation_id = u.author_organisation_id)))
    """
)


async def is_unwanted(session: AsyncSession, right_id: UUID, organisation_id: UUID) -> bool:
    """Whether an organisation said that it does not want to be shown such an idea."""
    values = {"right_id": right_id, "organisation_id": organisation_id}
    return bool((await session.execute(_UNWANTED, values)).scalar_one())


async def require_wanted(session: AsyncSession, right_id: UUID, organisation_id: UUID) -> None:
    """Refuse, with a NotWantedError, to show an organisation what it does not want to be shown."""
    if await is_unwanted(session, right_id, organisation_id):
        raise NotWantedError


async def add_unwanted(
    session: AsyncSession, request: UnwantedAdd, *, actor: Actor
) -> UnwantedIdea:
    """Say what one's organisation does not want to be shown, from now on."""
    if request.author_organisation_id is not None:
        await get_organisation(session, request.author_organisation_id)
    found = UnwantedIdea(
        created_at=now(session), organisation_id=actor.organisation_id, **request.model_dump()
    )
    session.add(found)
    await session.flush()
    return found


async def unwanted_of(
    session: AsyncSession, *, actor: Actor, cursor: str | None, limit: int
) -> tuple[Sequence[UnwantedIdea], str | None]:
    query = select(UnwantedIdea).where(col(UnwantedIdea.organisation_id) == actor.organisation_id)
    return await page_by_id(session, query, UnwantedIdea, cursor=cursor, limit=limit)


async def remove_unwanted(session: AsyncSession, unwanted_id: UUID, *, actor: Actor) -> None:
    """Take an entry off the list."""
    found = await session.get(UnwantedIdea, unwanted_id)
    if found is None or found.organisation_id != actor.organisation_id:
        raise NotFoundError("no such entry")
    await session.delete(found)
