from fastapi import status

from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.payments.access import Operator
from marketplace.payments.fees import service
from marketplace.payments.fees.models import FeePolicy
from marketplace.payments.fees.schemas import FeePolicyCreate, FeePolicyRead
from marketplace.payments.fees.service import FeePolicyInPastError, FeePolicyOverlapError

router = transactional_router(prefix="/v1/fee-policies", tags=["fees"])


@router.get("", response_model=list[FeePolicyRead])
async def fee_policies(session: Session) -> object:
    """The platform's commission over time, newest first. No token needed."""
    return await service.policies(session)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=FeePolicyRead,
    responses=problems(
        InvalidTokenError, PermissionMissingError, FeePolicyOverlapError, FeePolicyInPastError
    ),
)
async def set_fee_policy(request: FeePolicyCreate, actor: Operator, session: Session) -> FeePolicy:
    """Operator: begin a new commission. Deals agreed before keep the one they froze."""
    return await service.set_policy(session, request, actor=actor)
