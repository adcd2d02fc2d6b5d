from typing import Annotated
from uuid import UUID

from fastapi import Depends, status

from marketplace.accounts.access import Allowed, CurrentActor, Person
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import (
    InvalidTokenError,
    PermissionMissingError,
)
from marketplace.accounts.models import Organisation
from marketplace.accounts.organisations import queries, service
from marketplace.accounts.organisations.errors import (
    NumberTakenError,
    WrongNumberError,
    WrongRegionError,
)
from marketplace.accounts.organisations.schemas import (
    NumberRead,
    NumberRelease,
    OrganisationCreate,
    OrganisationEdit,
    OrganisationProfile,
    OrganisationRead,
)
from marketplace.accounts.permissions import Permission
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import VersionMismatchError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.versions import IfMatch

router = transactional_router(prefix="/v1/organisations", tags=["accounts"])

Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
Manager = Annotated[Actor, Depends(Allowed(Permission.MANAGE_ORGANISATION))]
Operator = Annotated[Actor, Depends(Allowed(Permission.OPERATE_ORGANISATIONS))]
PROFILE_ERRORS = (InvalidTokenError, PermissionMissingError, WrongRegionError, WrongNumberError)


async def _profile(session: Session, organisation: Organisation) -> OrganisationProfile:
    numbers = await queries.numbers_of(session, organisation.id)
    return OrganisationProfile(
        **OrganisationRead.model_validate(organisation).model_dump(),
        industry=organisation.industry,
        numbers=[NumberRead.model_validate(number) for number in numbers.values()],
        version=organisation.version,
    )


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problems(*PROFILE_ERRORS, NumberTakenError),
)
async def create_organisation(
    request: OrganisationCreate, actor: Person, session: Session
) -> OrganisationProfile:
    """Create an organisation; you own it. Sign in again with its id to act for it."""
    organisation = await service.create_organisation(session, request, actor=actor)
    return await _profile(session, organisation)


@router.get("", response_model=list[OrganisationRead], responses=problems(InvalidTokenError))
async def my_organisations(actor: CurrentActor, session: Session) -> object:
    """The organisations that you may act for."""
    return await queries.organisations_of(session, actor)


@router.get("/{organisation_id}", responses=problems(InvalidTokenError, NotFoundError))
async def get_organisation(
    organisation_id: UUID, actor: CurrentActor, session: Session
) -> OrganisationProfile:
    """An organisation's profile."""
    return await _profile(session, await queries.get_organisation(session, organisation_id))


@router.patch(
    "/{organisation_id}",
    responses=problems(*PROFILE_ERRORS, NotFoundError, VersionMismatchError, NumberTakenError),
)
async def edit_organisation(
    organisation_id: UUID,
    request: OrganisationEdit,
    actor: Manager,
    session: Session,
    if_match: IfMatch = None,
) -> OrganisationProfile:
    """Change your organisation's name, region, industry or business numbers."""
    organisation = await service.edit_organisation(
        session, organisation_id, request, actor=actor, version=if_match
    )
    return await _profile(session, organisation)


@router.post(
    "/{organisation_id}/release-number",
    responses=problems(InvalidTokenError, PermissionMissingError, NotFoundError),
)
async def release_number(
    organisation_id: UUID, request: NumberRelease, actor: Operator, session: Session
) -> OrganisationProfile:
    """Operator: take a business number from an organisation that it does not belong to."""
    organisation = await service.release_number(session, organisation_id, request, actor=actor)
    return await _profile(session, organisation)
