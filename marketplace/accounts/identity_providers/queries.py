from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.identity_providers.models import (
    IdentityProvider,
    IdentityProviderDomain,
)
from marketplace.accounts.identity_providers.rules import domain_of
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id


async def get_provider(session: AsyncSession, provider_id: UUID) -> IdentityProvider:
    """A provider by its id.

    Raises:
        NotFoundError: there is none.
    """
    provider = await session.get(IdentityProvider, provider_id)
    if provider is None:
        raise NotFoundError("no such identity provider")
    return provider


async def all_providers(
    session: AsyncSession, *, cursor: str | None, limit: int
) -> tuple[Sequence[IdentityProvider], str | None]:
    """One page of the providers, the newest first."""
    query = select(IdentityProvider)
    return await page_by_id(session, query, IdentityProvider, cursor=cursor, limit=limit)


async def domains_of(session: AsyncSession, *provider_ids: UUID) -> dict[UUID, list[str]]:
    """The e-mail domains of each provider, in the order of the alphabet."""
    query = (
        select(IdentityProviderDomain)
        .where(col(IdentityProviderDomain.provider_id).in_(provider_ids))
        .order_by(col(IdentityProviderDomain.domain))
    )
    found: dict[UUID, list[str]] = {provider_id: [] for provider_id in provider_ids}
    for row in (await session.execute(query)).scalars():
        found[row.provider_id].append(row.domain)
    return found


async def provider_for(session: AsyncSession, email: str) -> IdentityProvider | None:
    """Where somebody with this e-mail address signs in, if their company has a provider."""
    query = (
        select(IdentityProvider)
        .join(
            IdentityProviderDomain,
            col(IdentityProviderDomain.provider_id) == col(IdentityProvider.id),
        )
        .where(
            col(IdentityProviderDomain.domain) == domain_of(email),
            col(IdentityProvider.enabled_at).is_not(None),
        )
    )
    return (await session.execute(query)).scalar_one_or_none()


async def are_any_enabled(session: AsyncSession) -> bool:
    """Whether the sign-in page has to offer it at all."""
    query = select(IdentityProvider.id).where(col(IdentityProvider.enabled_at).is_not(None))
    return (await session.execute(query.limit(1))).first() is not None
