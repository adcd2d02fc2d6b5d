"""What an operator does with identity providers. Signing in by them is in `logins` and `people`."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, delete, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.identity_providers.models import (
    ExternalIdentity,
    IdentityProvider,
    IdentityProviderDomain,
    ProviderAuthentication,
)
from marketplace.accounts.identity_providers.rules import check_provider
from marketplace.accounts.identity_providers.schemas import ProviderCreate, ProviderEdit
from marketplace.accounts.members.errors import FixedMembersError
from marketplace.accounts.members.queries import has_fixed_members
from marketplace.accounts.models import User
from marketplace.accounts.organisations.queries import get_organisation
from marketplace.accounts.sessions.service import sign_out_everywhere
from marketplace.kernel.crypto import Keyring, Sealed
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import VersionMismatchError

UNTOLD = {"client_secret", "domains"}
"""What is no column of its own."""


async def create_provider(
    session: AsyncSession, keyring: Keyring, request: ProviderCreate, *, actor: Actor
) -> IdentityProvider:
    """Write a provider down; nobody signs in there until it is enabled.

    Raises:
        InconsistentProviderError: settings that contradict each other.
        NotFoundError, FixedMembersError: an organisation that nobody can be made a member of.
        SlugTakenError, DomainTakenError: by the database.
    """
    provider = IdentityProvider(created_at=now(session), **request.model_dump(exclude=UNTOLD))
    _seal(keyring, provider, request.client_secret)
    await _check(session, provider)
    session.add(provider)
    await session.flush()
    await _set_domains(session, provider, request.domains)
    told = {"slug": provider.slug, "issuer": provider.issuer, "domains": request.domains}
    _tell(session, provider, "create", actor, **told)
    return provider


async def edit_provider(
    session: AsyncSession,
    keyring: Keyring,
    provider_id: UUID,
    request: ProviderEdit,
    *,
    actor: Actor,
    version: int | None,
) -> IdentityProvider:
    """Change what is given, and keep the rest.

    Raises:
        NotFoundError, VersionMismatchError: nothing changed.
        InconsistentProviderError, FixedMembersError, DomainTakenError: as at creation.
    """
    provider = await lock(session, IdentityProvider, provider_id)
    if version not in {None, provider.version}:
        raise VersionMismatchError(f"you read version {version}, it is {provider.version} now")
    changed = request.model_dump(exclude_unset=True, exclude=UNTOLD)
    before = {name: getattr(provider, name) for name in changed}
    for name, value in changed.items():
        setattr(provider, name, value)
    if request.client_secret or provider.authentication is ProviderAuthentication.PRIVATE_KEY:
        _seal(keyring, provider, request.client_secret)
    await _check(session, provider)
    if request.domains is not None:
        await _set_domains(session, provider, request.domains)
        changed["domains"] = request.domains
    provider.version += 1
    fields = sorted(request.model_fields_set)
    _tell(session, provider, "edit", actor, fields=fields, **{"from": before, "to": changed})
    return provider


async def enable(session: AsyncSession, provider_id: UUID, *, actor: Actor) -> IdentityProvider:
    """Let people sign in there; enabling it again changes nothing."""
    provider = await lock(session, IdentityProvider, provider_id)
    if provider.enabled_at is None:
        provider.enabled_at = now(session)
        provider.version += 1
        _tell(session, provider, "enable", actor)
    return provider


async def disable(session: AsyncSession, provider_id: UUID, *, actor: Actor) -> IdentityProvider:
    """Let nobody sign in there, whoever is on the way included; sessions that began go on."""
    provider = await lock(session, IdentityProvider, provider_id)
    if provider.enabled_at:
        provider.enabled_at = None
        provider.version += 1
        _tell(session, provider, "disable", actor)
    return provider


async def unlink(session: AsyncSession, provider_id: UUID, email: str, *, actor: Actor) -> None:
    """Forget whom the provider means by a person of ours, and sign them out.

    The next verified login with their e-mail address links them anew: for a provider that made its
    people's accounts anew.

    Raises:
        NotFoundError: no such provider, or nobody with that address is linked to it.
    """
    query = (
        select(ExternalIdentity)
        .join(User, col(User.id) == col(ExternalIdentity.user_id))
        .where(col(ExternalIdentity.provider_id) == provider_id, col(User.email) == email)
        .with_for_update(of=ExternalIdentity)
    )
    identity = (await session.execute(query)).scalar_one_or_none()
    if identity is None:
        raise NotFoundError("nobody with this address signs in there")
    await session.delete(identity)
    await sign_out_everywhere(session, identity.user_id)
    subject, data = f"user:{identity.user_id}", {"provider_id": provider_id}
    publish(session, "user.unlink_identity", subject=subject, actor=actor.label, data=data)


def secret_of(keyring: Keyring, provider: IdentityProvider) -> str | None:
    """The client secret in the clear; None where the provider knows us by our keys."""
    if provider.key_id is None or provider.wrapped_key is None or provider.ciphertext is None:
        return None
    sealed = Sealed(provider.key_id, provider.wrapped_key, provider.ciphertext)
    return keyring.open(sealed, context=_context(provider)).decode()


def _seal(keyring: Keyring, provider: IdentityProvider, secret: SecretStr | None) -> None:
    if secret is None:
        provider.key_id = provider.wrapped_key = provider.ciphertext = None
        return
    sealed = keyring.seal(secret.get_secret_value().encode(), context=_context(provider))
    provider.key_id, provider.wrapped_key = sealed.key_id, sealed.wrapped_key
    provider.ciphertext = sealed.ciphertext


def _context(provider: IdentityProvider) -> str:
    return f"identity_provider:{provider.id}"


async def _check(session: AsyncSession, provider: IdentityProvider) -> None:
    check_provider(provider, has_secret=provider.ciphertext is not None)
    if provider.organisation_id is None:
        return
    if has_fixed_members(await get_organisation(session, provider.organisation_id)):
        raise FixedMembersError


async def _set_domains(
    session: AsyncSession, provider: IdentityProvider, domains: Iterable[str]
) -> None:
    former = delete(IdentityProviderDomain)
    await session.execute(former.where(col(IdentityProviderDomain.provider_id) == provider.id))
    session.add_all(
        IdentityProviderDomain(domain=domain, provider_id=provider.id) for domain in domains
    )
    await session.flush()


def _tell(
    session: AsyncSession, provider: IdentityProvider, name: str, actor: Actor, **data: Any
) -> None:
    subject = f"identity_provider:{provider.id}"
    publish(session, f"identity_provider.{name}", subject=subject, actor=actor.label, data=data)
