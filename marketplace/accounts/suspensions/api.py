from typing import Annotated
from uuid import UUID

from fastapi import Depends, status

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import (
    InvalidTokenError,
    PermissionMissingError,
    PersonNeededError,
)
from marketplace.accounts.permissions import Permission
from marketplace.accounts.suspensions import queries, service
from marketplace.accounts.suspensions.errors import (
    AlreadySuspendedError,
    NotSuspendableError,
    NotSuspendedError,
)
from marketplace.accounts.suspensions.models import OrganisationSuspension
from marketplace.accounts.suspensions.schemas import SuspensionRead, SuspensionReason
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page

router = transactional_router(prefix="/v1/organisations/{organisation_id}", tags=["accounts"])

Operator = Annotated[Actor, Depends(Allowed(Permission.OPERATE_ORGANISATIONS))]
ERRORS = (InvalidTokenError, PermissionMissingError, PersonNeededError, NotFoundError)


@router.post(
    "/suspend",
    status_code=status.HTTP_201_CREATED,
    response_model=SuspensionRead,
    responses=problems(*ERRORS, AlreadySuspendedError, NotSuspendableError),
)
async def suspend_organisation(
    organisation_id: UUID, request: SuspensionReason, actor: Operator, session: Session
) -> OrganisationSuspension:
    """Operator: stop everyone who acts for an organisation, within a second; its deals go on."""
    return await service.suspend(session, organisation_id, request.reason, actor=actor)


@router.post(
    "/lift-suspension",
    response_model=SuspensionRead,
    responses=problems(*ERRORS, NotSuspendedError),
)
async def lift_suspension(
    organisation_id: UUID, request: SuspensionReason, actor: Operator, session: Session
) -> OrganisationSuspension:
    """Operator: let people act for an organisation again, with the sessions that they had."""
    return await service.lift(session, organisation_id, request.reason, actor=actor)


@router.get(
    "/suspensions",
    responses=problems(InvalidTokenError, PermissionMissingError, InvalidCursorError),
)
async def suspensions(
    organisation_id: UUID,
    actor: Operator,
    session: Session,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[SuspensionRead]:
    """Operator: when and why an organisation was suspended, newest first."""
    found, following = await queries.suspensions_of(
        session, organisation_id, cursor=cursor, limit=limit
    )
    return Page(items=[SuspensionRead.model_validate(one) for one in found], next=following)
