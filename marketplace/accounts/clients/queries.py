from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.clients.models import Client
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id


async def own_client(
    session: AsyncSession, client_id: UUID, actor: Actor, *, for_update: bool = False
) -> Client:
    """A client of the actor's organisation.

    Raises:
        NotFoundError: no such client, or another organisation's.
    """
    query = select(Client).where(
        col(Client.id) == client_id, col(Client.organisation_id) == actor.organisation_id
    )
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    client = (await session.execute(query)).scalar_one_or_none()
    if client is None:
        raise NotFoundError("no such client")
    return client


async def own_clients(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[Client], str | None]:
    """One page of the organisation's clients, the newest first."""
    query = select(Client).where(col(Client.organisation_id) == actor.organisation_id)
    return await page_by_id(session, query, Client, cursor=cursor, limit=limit)
