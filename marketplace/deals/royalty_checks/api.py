from uuid import UUID

from fastapi import status

from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.deals.access import Operator, Reader
from marketplace.deals.royalty_checks import service
from marketplace.deals.royalty_checks.errors import (
    CheckPolicyInPastError,
    CheckPolicyOverlapError,
    NoFiguresError,
)
from marketplace.deals.royalty_checks.models import RoyaltyCheckPolicy
from marketplace.deals.royalty_checks.schemas import CheckPolicyRead, CheckPolicySet, ReportCheck
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import NotYourMoveError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router

router = transactional_router(prefix="/v1", tags=["royalty checks"])


@router.get(
    "/royalty-reports/{report_id}/check",
    responses=problems(InvalidTokenError, NotFoundError, NotYourMoveError, NoFiguresError),
)
async def check_royalty_report(report_id: UUID, actor: Reader, session: Session) -> ReportCheck:
    """Licensor: see whether figures look too low, and why. A flag is a reason to look, no finding.

    They are compared with what was declared, with earlier periods, and with others who report the
    same base in the same time, in a territory and a field in common.
    """
    return await service.check_report(session, report_id, actor=actor)


@router.get(
    "/royalty-check-policies",
    response_model=list[CheckPolicyRead],
    responses=problems(InvalidTokenError),
)
async def royalty_check_policies(_: Reader, session: Session) -> object:
    """From where on figures are flagged, over time."""
    return await service.policies(session)


@router.post(
    "/royalty-check-policies",
    status_code=status.HTTP_201_CREATED,
    response_model=CheckPolicyRead,
    responses=problems(
        InvalidTokenError, PermissionMissingError, CheckPolicyInPastError, CheckPolicyOverlapError
    ),
)
async def set_royalty_check_policy(
    request: CheckPolicySet, actor: Operator, session: Session
) -> RoyaltyCheckPolicy:
    """Operator: begin other thresholds; those before end on that day."""
    return await service.set_policy(session, request, actor=actor)
