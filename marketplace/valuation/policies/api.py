from fastapi import status

from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.valuation.access import Operator, Reader
from marketplace.valuation.policies import service
from marketplace.valuation.policies.errors import (
    AssignmentPolicyInPastError,
    AssignmentPolicyOverlapError,
)
from marketplace.valuation.policies.models import AssignmentPolicy
from marketplace.valuation.policies.schemas import PolicyRead, PolicySet

router = transactional_router(
    prefix="/v1/valuation/assignment-policies", tags=["valuation assignments"]
)


@router.get("", response_model=list[PolicyRead], responses=problems(InvalidTokenError))
async def assignment_policies(actor: Reader, session: Session) -> object:
    """How valuations are assigned for each purpose, over time: hours, limits, who may choose."""
    return await service.policies(session)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=PolicyRead,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        AssignmentPolicyInPastError,
        AssignmentPolicyOverlapError,
    ),
)
async def set_assignment_policy(
    request: PolicySet, actor: Operator, session: Session
) -> AssignmentPolicy:
    """Operator: begin a new policy for a purpose. Orders placed before keep theirs."""
    return await service.set_policy(session, request, actor=actor)
