from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request, status

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.clients import queries, service
from marketplace.accounts.clients.errors import (
    ClientRevokedError,
    InconsistentClientError,
    NoSecretError,
    ScopeNotAllowedError,
    SecretsOverlapError,
)
from marketplace.accounts.clients.models import Client
from marketplace.accounts.clients.schemas import (
    ClientCreate,
    ClientEdit,
    ClientRead,
    ClientWithSecret,
    SecretRotate,
)
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.idempotency import AnswerWithheldError, keep_no_answer
from marketplace.kernel.lifecycle import VersionMismatchError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page

router = transactional_router(prefix="/v1/clients", tags=["partner accounts"])

Manager = Annotated[Actor, Depends(Allowed(Permission.MANAGE_CLIENTS))]
IfMatch = Annotated[
    int | None, Header(alias="If-Match", ge=1, description="the version that you read")
]
CLOSED = (InvalidTokenError, PermissionMissingError)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problems(*CLOSED, ScopeNotAllowedError, InconsistentClientError, AnswerWithheldError),
)
async def register_client(
    request: ClientCreate, actor: Manager, session: Session, received: Request
) -> ClientWithSecret:
    """Register a system of your organisation; its secret is shown this once.

    With an Idempotency-Key it is registered once; the secret is not told again.
    """
    keep_no_answer(received)
    client, secret = await service.register_client(session, request, actor=actor)
    return ClientWithSecret.of(client, secret)


@router.get("", responses=problems(*CLOSED, InvalidCursorError))
async def my_clients(
    actor: Manager, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[ClientRead]:
    """Your organisation's clients, revoked ones as well."""
    found, following = await queries.own_clients(session, actor, cursor=cursor, limit=limit)
    return Page(items=[ClientRead.model_validate(client) for client in found], next=following)


@router.get("/{client_id}", response_model=ClientRead, responses=problems(*CLOSED, NotFoundError))
async def get_client(client_id: UUID, actor: Manager, session: Session) -> Client:
    """A client of your organisation: what it may do, and when it was last used."""
    return await queries.own_client(session, client_id, actor)


@router.patch(
    "/{client_id}",
    response_model=ClientRead,
    responses=problems(
        *CLOSED,
        NotFoundError,
        ClientRevokedError,
        VersionMismatchError,
        ScopeNotAllowedError,
        InconsistentClientError,
    ),
)
async def edit_client(
    client_id: UUID,
    request: ClientEdit,
    actor: Manager,
    session: Session,
    if_match: IfMatch = None,
) -> Client:
    """Change name, scopes, redirect addresses or keys; a scope taken away ends within a second."""
    return await service.edit_client(session, client_id, request, actor=actor, version=if_match)


@router.post(
    "/{client_id}/rotate-secret",
    responses=problems(
        *CLOSED,
        NotFoundError,
        ClientRevokedError,
        NoSecretError,
        SecretsOverlapError,
        AnswerWithheldError,
    ),
)
async def rotate_client_secret(
    client_id: UUID, request: SecretRotate, actor: Manager, session: Session, received: Request
) -> ClientWithSecret:
    """Give the client a new secret; the present one works on for the days of the overlap."""
    keep_no_answer(received)
    client, secret = await service.rotate_secret(
        session, client_id, overlap_days=request.overlap_days, actor=actor
    )
    return ClientWithSecret.of(client, secret)


@router.post(
    "/{client_id}/revoke",
    response_model=ClientRead,
    responses=problems(*CLOSED, NotFoundError, ClientRevokedError),
)
async def revoke_client(client_id: UUID, actor: Manager, session: Session) -> Client:
    """End the client and its tokens for good, everywhere within a second."""
    return await service.revoke_client(session, client_id, actor=actor)
