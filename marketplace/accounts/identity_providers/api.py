from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request, status

from marketplace.accounts.access import Allowed, Keys
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.identity_providers import queries, service
from marketplace.accounts.identity_providers.errors import (
    DomainTakenError,
    InconsistentProviderError,
    ProviderUnusableError,
    SlugTakenError,
)
from marketplace.accounts.identity_providers.logins import callback_address
from marketplace.accounts.identity_providers.metadata import Directory
from marketplace.accounts.identity_providers.models import IdentityProvider
from marketplace.accounts.identity_providers.schemas import (
    ProviderCheck,
    ProviderCreate,
    ProviderEdit,
    ProviderRead,
    Unlink,
)
from marketplace.accounts.members.errors import FixedMembersError
from marketplace.accounts.oauth.metadata import JWKS
from marketplace.accounts.permissions import Permission
from marketplace.kernel.db import apart
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import VersionMismatchError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page
from marketplace.settings import Settings

router = transactional_router(prefix="/v1/identity-providers", tags=["identity providers"])

Operator = Annotated[Actor, Depends(Allowed(Permission.OPERATE_IDENTITY_PROVIDERS))]
IfMatch = Annotated[
    int | None, Header(alias="If-Match", ge=1, description="the version that you read")
]
CLOSED = (InvalidTokenError, PermissionMissingError)


async def _directory(request: Request) -> Directory:
    directory: Directory = request.app.state.identity_providers
    return directory


async def _issuer(request: Request) -> str:
    settings: Settings = request.app.state.settings
    return settings.issuer


Providers = Annotated[Directory, Depends(_directory)]
OwnAddress = Annotated[str, Depends(_issuer)]


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        *CLOSED,
        InconsistentProviderError,
        NotFoundError,
        FixedMembersError,
        SlugTakenError,
        DomainTakenError,
    ),
)
async def create_identity_provider(
    request: ProviderCreate, actor: Operator, keyring: Keys, session: Session, here: OwnAddress
) -> ProviderRead:
    """Operator: let a company's people sign in by its own OpenID provider; it begins disabled.

    Register the `redirect_uri` of the answer there, see with `check` that it answers, then enable
    it. Whoever it vouches for, with a verified e-mail address of the `domains`, is let in.
    """
    provider = await service.create_provider(session, keyring, request, actor=actor)
    return await _read(session, provider, here)


@router.get("", responses=problems(*CLOSED, InvalidCursorError))
async def identity_providers(
    actor: Operator, session: Session, here: OwnAddress, cursor: Cursor = None, limit: Limit = 20
) -> Page[ProviderRead]:
    """Operator: every identity provider, the newest first."""
    found, following = await queries.all_providers(session, cursor=cursor, limit=limit)
    domains = await queries.domains_of(session, *(one.id for one in found))
    items = [_shown(one, domains[one.id], here) for one in found]
    return Page(items=items, next=following)


@router.get("/{provider_id}", responses=problems(*CLOSED, NotFoundError))
async def get_identity_provider(
    provider_id: UUID, actor: Operator, session: Session, here: OwnAddress
) -> ProviderRead:
    """Operator: an identity provider; its client secret is never shown."""
    return await _read(session, await queries.get_provider(session, provider_id), here)


@router.patch(
    "/{provider_id}",
    responses=problems(
        *CLOSED,
        NotFoundError,
        VersionMismatchError,
        InconsistentProviderError,
        FixedMembersError,
        DomainTakenError,
    ),
)
async def edit_identity_provider(
    provider_id: UUID,
    request: ProviderEdit,
    actor: Operator,
    keyring: Keys,
    session: Session,
    here: OwnAddress,
    if_match: IfMatch = None,
) -> ProviderRead:
    """Operator: change an identity provider, such as its secret or its domains."""
    provider = await service.edit_provider(
        session, keyring, provider_id, request, actor=actor, version=if_match
    )
    return await _read(session, provider, here)


@router.get("/{provider_id}/check", responses=problems(*CLOSED, NotFoundError))
async def check_identity_provider(
    provider_id: UUID, actor: Operator, session: Session, directory: Providers
) -> ProviderCheck:
    """Operator: ask the provider itself what it can do, and why it cannot be used if so."""
    async with apart(session) as reading:  # nothing is held while another's server is asked
        provider = await queries.get_provider(reading, provider_id)
    try:
        metadata = await directory.metadata(provider.issuer, anew=True)
        keys = await directory.keys(provider.issuer, anew=True)
    except ProviderUnusableError as error:
        return ProviderCheck(problem=str(error))
    return ProviderCheck(
        problem=None,
        authorization_endpoint=metadata.authorization_endpoint,
        token_endpoint=metadata.token_endpoint,
        algorithms=list(metadata.algorithms),
        keys=len(keys.keys),
        names_itself=metadata.names_itself,
    )


@router.post("/{provider_id}/enable", responses=problems(*CLOSED, NotFoundError))
async def enable_identity_provider(
    provider_id: UUID, actor: Operator, session: Session, here: OwnAddress
) -> ProviderRead:
    """Operator: let people sign in there."""
    return await _read(session, await service.enable(session, provider_id, actor=actor), here)


@router.post("/{provider_id}/disable", responses=problems(*CLOSED, NotFoundError))
async def disable_identity_provider(
    provider_id: UUID, actor: Operator, session: Session, here: OwnAddress
) -> ProviderRead:
    """Operator: let nobody sign in there; sessions that began go on for their twelve hours."""
    return await _read(session, await service.disable(session, provider_id, actor=actor), here)


@router.post(
    "/{provider_id}/unlink",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(*CLOSED, NotFoundError),
)
async def unlink_identity(
    provider_id: UUID, request: Unlink, actor: Operator, session: Session
) -> None:
    """Operator: forget whom the provider means by a person, and sign them out.

    For a provider that made its people's accounts anew. At the next login they are linked again, by
    their e-mail address.
    """
    await service.unlink(session, provider_id, request.email, actor=actor)


async def _read(session: Session, provider: IdentityProvider, here: str) -> ProviderRead:
    domains = await queries.domains_of(session, provider.id)
    return _shown(provider, domains[provider.id], here)


def _shown(provider: IdentityProvider, domains: list[str], here: str) -> ProviderRead:
    return ProviderRead(
        **provider.model_dump(),
        domains=domains,
        has_client_secret=provider.ciphertext is not None,
        redirect_uri=callback_address(here, provider.slug),
        jwks_uri=here + JWKS,
    )
