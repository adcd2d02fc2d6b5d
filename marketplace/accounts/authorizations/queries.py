from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.authorizations.schemas import AuthorizationRead
from marketplace.accounts.clients.models import Client
from marketplace.accounts.oauth.models import OAuthGrant
from marketplace.kernel.db import now
from marketplace.kernel.pagination import decode, encode


async def living(
    session: AsyncSession, user_id: UUID, *, cursor: str | None, limit: int
) -> tuple[list[AuthorizationRead], str | None]:
    """One page of what a person allows clients now, the newest first."""
    query = (
        select(OAuthGrant, Client.name)
        .join(Client, col(Client.id) == OAuthGrant.client_id)
        .where(col(OAuthGrant.user_id) == user_id, col(OAuthGrant.code_used_at).is_not(None))
        .where(col(OAuthGrant.revoked_at).is_(None), col(OAuthGrant.ends_at) > now(session))
        .where(col(Client.revoked_at).is_(None))
        .order_by(col(OAuthGrant.id).desc())
        .limit(limit + 1)
    )
    if cursor is not None:
        query = query.where(col(OAuthGrant.id) < decode(cursor, UUID)[0])
    rows = (await session.execute(query)).all()
    shown = [
        AuthorizationRead(client_name=name, **grant.model_dump()) for grant, name in rows[:limit]
    ]
    return shown, encode(shown[-1].id) if len(rows) > limit else None
