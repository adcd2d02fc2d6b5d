from uuid import UUID

from fastapi import status

from marketplace.accounts.calendar import Today
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import VersionMismatchError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page
from marketplace.kernel.versions import IfMatch
from marketplace.valuation.access import Keeper, Reader
from marketplace.valuation.institutions import queries, service
from marketplace.valuation.institutions.errors import InterestEndError, NotDesignatedError
from marketplace.valuation.institutions.models import InstitutionInterest, InstitutionProfile
from marketplace.valuation.institutions.schemas import (
    InterestDeclare,
    InterestEnd,
    InterestRead,
    ProfileKeep,
    ProfileRead,
    StandingRead,
)

router = transactional_router(prefix="/v1/valuation", tags=["valuation institutions"])


@router.get(
    "/institution-profile",
    response_model=ProfileRead,
    responses=problems(InvalidTokenError, NotFoundError),
)
async def institution_profile(actor: Reader, session: Session) -> InstitutionProfile:
    """Your institution's profile: fields, purposes, regions, and how many cases at once."""
    return await queries.profile_of(session, actor.organisation_id)


@router.put(
    "/institution-profile",
    response_model=ProfileRead,
    responses=problems(
        InvalidTokenError, PermissionMissingError, NotDesignatedError, VersionMismatchError
    ),
)
async def keep_institution_profile(
    request: ProfileKeep, actor: Keeper, session: Session, if_match: IfMatch = None
) -> InstitutionProfile:
    """Institution: say what you value and how much at once. You are asked only for that."""
    return await service.keep_profile(session, request, actor=actor, version=if_match)


@router.get("/institution-interests", responses=problems(InvalidTokenError, InvalidCursorError))
async def institution_interests(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[InterestRead]:
    """The interests that your institution declared, newest first."""
    found, following = await queries.interests_of(session, actor, cursor=cursor, limit=limit)
    return Page(items=[InterestRead.model_validate(one) for one in found], next=following)


@router.post(
    "/institution-interests",
    status_code=status.HTTP_201_CREATED,
    response_model=InterestRead,
    responses=problems(
        InvalidTokenError, PermissionMissingError, NotDesignatedError, NotFoundError
    ),
)
async def declare_institution_interest(
    request: InterestDeclare, actor: Keeper, session: Session
) -> InstitutionInterest:
    """Institution: declare a stake, a share in losses, a prosecution, an employment.

    From its day on you are never asked for a case of that organisation, its group or that right.
    """
    return await service.declare(session, request, actor=actor)


@router.post(
    "/institution-interests/{interest_id}/end",
    response_model=InterestRead,
    responses=problems(InvalidTokenError, PermissionMissingError, NotFoundError, InterestEndError),
)
async def end_institution_interest(
    interest_id: UUID, request: InterestEnd, actor: Keeper, session: Session, today: Today
) -> InstitutionInterest:
    """Institution: give an interest its last day, today or later."""
    return await service.end_interest(
        session, interest_id, request.valid_until, today=today, actor=actor
    )


@router.get("/institution-standings", responses=problems(InvalidTokenError, InvalidCursorError))
async def institution_standings(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[StandingRead]:
    """What quality control made of your institution: tier, weight and why; newest first."""
    found, following = await queries.standings_of(session, actor, cursor=cursor, limit=limit)
    return Page(items=[StandingRead.model_validate(one) for one in found], next=following)
