from typing import Annotated
from uuid import UUID

from fastapi import Depends, status

from marketplace.accounts.access import Allowed, CurrentActor
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.models import Organisation
from marketplace.accounts.organisations import queries, service
from marketplace.accounts.organisations.schemas import OrganisationCreate, OrganisationRead
from marketplace.accounts.permissions import Permission
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router

router = transactional_router(prefix="/v1/organisations", tags=["accounts"])

Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=OrganisationRead,
    responses=problems(InvalidTokenError, PermissionMissingError),
)
async def create_organisation(
    request: OrganisationCreate, actor: Reader, session: Session
) -> Organisation:
    """Create an organisation; you own it. Sign in again with its id to act for it."""
    return await service.create_organisation(session, request, actor=actor)


@router.get("", response_model=list[OrganisationRead], responses=problems(InvalidTokenError))
async def my_organisations(actor: CurrentActor, session: Session) -> object:
    """The organisations that you may act for."""
    return await queries.organisations_of(session, actor)


@router.get(
    "/{organisation_id}",
    response_model=OrganisationRead,
    responses=problems(InvalidTokenError, NotFoundError),
)
async def get_organisation(
    organisation_id: UUID, actor: CurrentActor, session: Session
) -> Organisation:
    """An organisation's profile."""
    return await queries.get_organisation(session, organisation_id)
