from uuid import UUID

from marketplace.accounts.errors import InvalidTokenError
from marketplace.financing.access import MOVE_ERRORS, Reader, Signer
from marketplace.financing.covenants import service
from marketplace.financing.covenants.models import CovenantBreach
from marketplace.financing.covenants.schemas import BreachRead
from marketplace.financing.loans.parties import get_loan
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router

router = transactional_router(prefix="/v1", tags=["financing: covenants"])


@router.get(
    "/loans/{loan_id}/breaches",
    response_model=list[BreachRead],
    responses=problems(InvalidTokenError, NotFoundError),
)
async def loan_breaches(loan_id: UUID, actor: Reader, session: Session) -> object:
    """Covenants that were not kept: a right lost, an annuity unpaid, too little collateral."""
    loan = await get_loan(session, loan_id, actor=actor)
    return await service.breaches_of(session, loan.id)


@router.post(
    "/breaches/{breach_id}/waive", response_model=BreachRead, responses=problems(*MOVE_ERRORS)
)
async def waive_breach(breach_id: UUID, actor: Signer, session: Session) -> CovenantBreach:
    """Lender: let a breach pass."""
    return await service.end(session, breach_id, "waive", actor=actor)


@router.post(
    "/breaches/{breach_id}/cure", response_model=BreachRead, responses=problems(*MOVE_ERRORS)
)
async def take_breach_as_mended(breach_id: UUID, actor: Signer, session: Session) -> CovenantBreach:
    """Lender: take a breach as mended, where the register does not tell it by itself."""
    return await service.end(session, breach_id, "cure", actor=actor)
