from typing import Annotated
from uuid import UUID

from fastapi import Depends, status

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.affiliations import queries, service
from marketplace.accounts.affiliations.errors import (
    AffiliationCycleError,
    AffiliationDepthError,
    AffiliationEndedError,
    InvalidEndError,
    OtherParentError,
    ProposalPendingError,
    RecordedByOperatorError,
    SameOrganisationError,
)
from marketplace.accounts.affiliations.models import Affiliation, AffiliationProposal
from marketplace.accounts.affiliations.schemas import (
    AffiliationEnd,
    AffiliationPropose,
    AffiliationRead,
    AffiliationRecord,
    Group,
    GroupMember,
    ProposalRead,
)
from marketplace.accounts.calendar import AsOf, Today
from marketplace.accounts.errors import (
    InvalidTokenError,
    PermissionMissingError,
    PersonNeededError,
)
from marketplace.accounts.organisations.queries import get_organisation
from marketplace.accounts.permissions import Permission
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import IllegalMoveError, NotYourMoveError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page

router = transactional_router(prefix="/v1/affiliations", tags=["groups"])
proposals_router = transactional_router(prefix="/v1/affiliation-proposals", tags=["groups"])
group_router = transactional_router(prefix="/v1/organisations/{organisation_id}", tags=["groups"])

Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
Manager = Annotated[Actor, Depends(Allowed(Permission.MANAGE_ORGANISATION))]
Operator = Annotated[Actor, Depends(Allowed(Permission.OPERATE_ORGANISATIONS))]
ManagerOrOperator = Annotated[
    Actor, Depends(Allowed(Permission.MANAGE_ORGANISATION, Permission.OPERATE_ORGANISATIONS))
]
ANSWER_ERRORS = (
    InvalidTokenError,
    PermissionMissingError,
    NotFoundError,
    IllegalMoveError,
    NotYourMoveError,
)
GROUP_ERRORS = (OtherParentError, AffiliationCycleError, AffiliationDepthError)


@group_router.get("/group", responses=problems(InvalidTokenError, NotFoundError))
async def get_group(
    organisation_id: UUID, actor: Reader, session: Session, today: Today, as_of: AsOf = None
) -> Group:
    """An organisation with everyone of its group on a day: parents, affiliates and theirs."""
    await get_organisation(session, organisation_id)
    on = as_of or today
    found = await queries.group_of(session, organisation_id, on)
    return Group(as_of=on, members=[GroupMember.model_validate(member) for member in found])


@proposals_router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=ProposalRead,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotFoundError,
        SameOrganisationError,
        ProposalPendingError,
    ),
)
async def propose_affiliation(
    request: AffiliationPropose, actor: Manager, session: Session
) -> AffiliationProposal:
    """Say that your organisation is another's parent or affiliate; the other side confirms."""
    return await service.propose(session, request, actor=actor)


@proposals_router.get("", responses=problems(InvalidTokenError, InvalidCursorError))
async def affiliation_proposals(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[ProposalRead]:
    """What your organisation has proposed and was proposed, newest first."""
    found, following = await queries.proposals_of(session, actor, cursor=cursor, limit=limit)
    return Page(items=[ProposalRead.model_validate(one) for one in found], next=following)


@proposals_router.post(
    "/{proposal_id}/confirm",
    status_code=status.HTTP_201_CREATED,
    response_model=AffiliationRead,
    responses=problems(*ANSWER_ERRORS, PersonNeededError, *GROUP_ERRORS),
)
async def confirm_affiliation(proposal_id: UUID, actor: Manager, session: Session) -> Affiliation:
    """Confirm the other side's proposal; from its first day you are one group."""
    return await service.confirm(session, proposal_id, actor=actor)


@proposals_router.post(
    "/{proposal_id}/decline", response_model=ProposalRead, responses=problems(*ANSWER_ERRORS)
)
async def decline_affiliation(
    proposal_id: UUID, actor: Manager, session: Session
) -> AffiliationProposal:
    """Decline the other side's proposal."""
    return await service.answer(session, proposal_id, "decline", actor=actor)


@proposals_router.post(
    "/{proposal_id}/withdraw", response_model=ProposalRead, responses=problems(*ANSWER_ERRORS)
)
async def withdraw_affiliation(
    proposal_id: UUID, actor: Manager, session: Session
) -> AffiliationProposal:
    """Take your own proposal back that was not answered yet."""
    return await service.answer(session, proposal_id, "withdraw", actor=actor)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=AffiliationRead,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        PersonNeededError,
        NotFoundError,
        SameOrganisationError,
        *GROUP_ERRORS,
    ),
)
async def record_affiliation(
    request: AffiliationRecord, actor: Operator, session: Session
) -> Affiliation:
    """Operator: record on evidence that one organisation belongs to another."""
    return await service.record(session, request, actor=actor)


@router.get("", responses=problems(InvalidTokenError, InvalidCursorError))
async def affiliations(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[AffiliationRead]:
    """Your organisation's affiliations, past ones too; all of them for an operator."""
    found, following = await queries.affiliations_of(session, actor, cursor=cursor, limit=limit)
    return Page(items=[AffiliationRead.model_validate(one) for one in found], next=following)


@router.post(
    "/{affiliation_id}/end",
    response_model=AffiliationRead,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotFoundError,
        RecordedByOperatorError,
        AffiliationEndedError,
        InvalidEndError,
        *GROUP_ERRORS,
    ),
)
async def end_affiliation(
    affiliation_id: UUID,
    request: AffiliationEnd,
    actor: ManagerOrOperator,
    session: Session,
    today: Today,
) -> Affiliation:
    """End an affiliation of your organisation, today or later; what was stays on record."""
    return await service.end(session, affiliation_id, request.valid_until, today=today, actor=actor)
