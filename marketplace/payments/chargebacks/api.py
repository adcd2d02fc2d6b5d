from uuid import UUID

from sqlmodel import col, select

from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import IllegalMoveError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit, page_by_id
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Amount, Page
from marketplace.payments.access import Operator
from marketplace.payments.chargebacks import service
from marketplace.payments.chargebacks.errors import EvidenceSubmittedError
from marketplace.payments.chargebacks.lifecycle import ChargebackState
from marketplace.payments.chargebacks.models import Chargeback
from marketplace.payments.chargebacks.schemas import ChargebackRead, EvidenceSubmit

router = transactional_router(prefix="/v1/chargebacks", tags=["chargebacks"])
MOVE_ERRORS = (InvalidTokenError, PermissionMissingError, NotFoundError, IllegalMoveError)


def _read(chargeback: Chargeback) -> ChargebackRead:
    def amount(minor: int) -> Amount:
        return Amount(amount_minor=minor, currency=chargeback.currency)

    own = chargeback.model_dump(
        include={"id", "state", "subject", "reason", "evidence", "evidence_due_at", "created_at"}
    )
    return ChargebackRead(
        **own,
        amount=amount(chargeback.amount_minor),
        taken=amount(chargeback.taken_minor),
        lost=amount(chargeback.lost_minor),
        failure=chargeback.failure_text,
    )


@router.get("", responses=problems(InvalidTokenError, PermissionMissingError, InvalidCursorError))
async def chargebacks(
    actor: Operator,
    session: Session,
    state: ChargebackState = ChargebackState.OPEN,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[ChargebackRead]:
    """Operator: chargebacks in a state, oldest first; `open` ones wait for your evidence."""
    query = select(Chargeback).where(col(Chargeback.state) == state)
    found, following = await page_by_id(
        session, query, Chargeback, cursor=cursor, limit=limit, oldest_first=True
    )
    return Page(items=[_read(chargeback) for chargeback in found], next=following)


@router.post("/{chargeback_id}/evidence", responses=problems(*MOVE_ERRORS, EvidenceSubmittedError))
async def submit_evidence(
    chargeback_id: UUID, request: EvidenceSubmit, actor: Operator, session: Session
) -> ChargebackRead:
    """Operator: contest a chargeback; Stripe takes evidence once, so send all of it."""
    return _read(
        await service.submit_evidence(session, chargeback_id, request.evidence, actor=actor)
    )


@router.post("/{chargeback_id}/accept", responses=problems(*MOVE_ERRORS))
async def accept_chargeback(
    chargeback_id: UUID, actor: Operator, session: Session
) -> ChargebackRead:
    """Operator: do without a contest; the payer keeps the money, and you decide the deal."""
    return _read(await service.accept(session, chargeback_id, actor=actor))
