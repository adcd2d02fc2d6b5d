from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response, status
from pydantic import AwareDatetime

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.assets.legal_rules.queries import rules_for
from marketplace.assets.models import LegalEvent
from marketplace.assets.queries import get_right
from marketplace.assets.standing import queries, service
from marketplace.assets.standing.errors import FactKnownError, IllegalLegalEventError
from marketplace.assets.standing.schemas import (
    LegalEventRead,
    LegalEventRecord,
    NoEffect,
    RegisterCheckNote,
    StandingRead,
)
from marketplace.assets.title.schemas import FactRetract
from marketplace.kernel.db import now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Day

router = transactional_router(prefix="/v1/rights/{right_id}", tags=["rights"])

Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
Operator = Annotated[Actor, Depends(Allowed(Permission.OPERATE_LISTINGS))]
On = Annotated[Day | None, Query(description="left out: the day of `known_at` at the office")]
KnownAt = Annotated[
    AwareDatetime | None, Query(description="as it was known at that moment; left out: now")
]
READ_ERRORS = problems(InvalidTokenError, NotFoundError)


@router.get("/standing", responses=READ_ERRORS)
async def get_standing(
    right_id: UUID, actor: Reader, session: Session, on: On = None, known_at: KnownAt = None
) -> StandingRead:
    """The status of a right on a day, its term, fees and what hangs over it, as known then."""
    right = await get_right(session, right_id, actor=actor)
    moment = known_at or now(session)
    day = on or moment.astimezone((await rules_for(session, right)).zone).date()
    found = await queries.standing_of(session, right, on=day, known_at=known_at)
    return StandingRead(
        on=day,
        known_at=moment,
        status=found.status,
        filed_on=found.filed_on,
        granted_on=found.granted_on,
        last_day=found.last_day,
        fees_paid_until=found.fees_paid_until,
        fees_grace_until=found.fees_grace_until,
        restrained_since=found.restrained_since,
        challenged_since=found.challenged_since,
        invalid_claims=list(found.invalid_claims),
        no_effect=[NoEffect(begins=begins, ends=ends) for begins, ends in found.no_effect],
        origins=list(found.origins),
        checked=dict(await queries.checks_of(session, right.id, known_at)),
    )


@router.get("/legal-events", response_model=list[LegalEventRead], responses=READ_ERRORS)
async def legal_events(
    right_id: UUID, actor: Reader, session: Session, known_at: KnownAt = None
) -> object:
    """What happened to a right, oldest first, each with its source; without what was retracted."""
    await get_right(session, right_id, actor=actor)
    return await queries.events_known(session, right_id, known_at)


@router.post(
    "/legal-events",
    status_code=status.HTTP_201_CREATED,
    response_model=LegalEventRead,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotFoundError,
        IllegalLegalEventError,
        FactKnownError,
    ),
)
async def record_legal_event(
    right_id: UUID,
    request: LegalEventRecord,
    actor: Operator,
    session: Session,
    response: Response,
) -> LegalEvent:
    """Operator: record a grant, fee, lapse, restoration, invalidation … from a register.

    What the register told already is answered as it is known, and changes nothing (200).
    """
    told = request.told()
    event, is_new = await service.record_legal_event(session, right_id, told, actor=actor)
    if not is_new:
        response.status_code = status.HTTP_200_OK
    return event


@router.post(
    "/legal-events/{event_id}/retract",
    status_code=status.HTTP_204_NO_CONTENT,
    response_class=Response,
    responses=problems(InvalidTokenError, PermissionMissingError, NotFoundError),
)
async def retract_legal_event(
    right_id: UUID, event_id: UUID, request: FactRetract, actor: Operator, session: Session
) -> None:
    """Operator: take back a fact that was none; what was known until now stays on record."""
    await service.retract_event(session, right_id, event_id, request.source, actor=actor)


@router.post(
    "/register-checks",
    status_code=status.HTTP_204_NO_CONTENT,
    response_class=Response,
    responses=problems(
        InvalidTokenError, PermissionMissingError, NotFoundError, IllegalLegalEventError
    ),
)
async def note_register_check(
    right_id: UUID, request: RegisterCheckNote, actor: Operator, session: Session
) -> None:
    """Operator: note that you looked the right up, and the register tells what is recorded here.

    Money for a registered right goes out only on such a day or the business day after.
    """
    await service.check_register(
        session,
        right_id,
        origin=request.origin,
        as_of=request.as_of,
        source=request.source,
        actor=actor,
    )
