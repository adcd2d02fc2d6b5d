from typing import Annotated
from uuid import UUID

from fastapi import Depends, status

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError
from marketplace.accounts.permissions import Permission
from marketplace.deals.access import MOVE_ERRORS, Operator, Performer, Reader
from marketplace.deals.audits import service
from marketplace.deals.audits.errors import AuditOpenError, InvalidFindingsError
from marketplace.deals.audits.models import RoyaltyAudit
from marketplace.deals.audits.schemas import AuditAnswer, AuditClaim, AuditDecision, AuditRead
from marketplace.deals.licences.models import Licence
from marketplace.deals.licences.parties import role_in
from marketplace.deals.licences.queries import get_licence
from marketplace.deals.royalties.errors import InvalidFiguresError, RoyaltyCeasedError
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Amount
from marketplace.payments.errors import RequestNotOpenError

router = transactional_router(prefix="/v1", tags=["royalty audits"])
Signer = Annotated[Actor, Depends(Allowed(Permission.SIGN))]
SETTLE_ERRORS = (
    *MOVE_ERRORS,
    InvalidFindingsError,
    InvalidFiguresError,
    RoyaltyCeasedError,
    RequestNotOpenError,
)


def _read(licence: Licence, audit: RoyaltyAudit, actor: Actor) -> AuditRead:
    def amount(minor: int | None) -> Amount | None:
        return None if minor is None else Amount(amount_minor=minor, currency=audit.currency)

    role = role_in(licence, actor)
    own = {
        name: getattr(audit, name)
        for name in AuditRead.model_fields.keys() & RoyaltyAudit.model_fields.keys()
    }
    return AuditRead.model_validate(
        own
        | {
            "cost": Amount(amount_minor=audit.cost_minor, currency=audit.currency),
            "under_reported": amount(audit.under_minor),
            "correct": amount(audit.correct_minor),
            "your_moves": audit.lifecycle.open_to(audit.state, role) if role else [],
        }
    )


@router.post(
    "/licences/{licence_id}/royalty-audits",
    status_code=status.HTTP_201_CREATED,
    responses=problems(*MOVE_ERRORS, InvalidFindingsError, AuditOpenError),
)
async def claim_audit(
    licence_id: UUID, request: AuditClaim, actor: Performer, session: Session
) -> AuditRead:
    """Licensor: say what the figures of some periods should have been, and what finding out cost.

    Nothing is charged by it: the licensee agrees, or the operator decides.
    """
    audit = await service.claim(session, licence_id, request, actor=actor)
    return _read(await session.get_one(Licence, licence_id), audit, actor)


@router.get(
    "/licences/{licence_id}/royalty-audits", responses=problems(InvalidTokenError, NotFoundError)
)
async def licence_audits(licence_id: UUID, actor: Reader, session: Session) -> list[AuditRead]:
    """The audits of a licence, newest first."""
    licence = await get_licence(session, licence_id, actor=actor)
    return [_read(licence, audit, actor) for audit in await service.audits_of(session, licence.id)]


@router.post("/royalty-audits/{audit_id}/answer", responses=problems(*MOVE_ERRORS))
async def answer_audit(
    audit_id: UUID, request: AuditAnswer, actor: Performer, session: Session
) -> AuditRead:
    """Licensee: answer the claim."""
    licence, audit = await service.answer(session, audit_id, request.answer, actor=actor)
    return _read(licence, audit, actor)


@router.post("/royalty-audits/{audit_id}/agree", responses=problems(*SETTLE_ERRORS))
async def agree_audit(audit_id: UUID, actor: Signer, session: Session) -> AuditRead:
    """Licensee: take the findings as right. They become the figures, and the rest is charged.

    When it is more than the share of the correct amount that the licence names, the licensee
    bears the cost of the audit as well.
    """
    licence, audit = await service.agree(session, audit_id, actor=actor)
    return _read(licence, audit, actor)


@router.post("/royalty-audits/{audit_id}/decide", responses=problems(*SETTLE_ERRORS))
async def decide_audit(
    audit_id: UUID, request: AuditDecision, actor: Operator, session: Session
) -> AuditRead:
    """Operator: decide what the figures are."""
    licence, audit = await service.decide(session, audit_id, request.findings, actor=actor)
    return _read(licence, audit, actor)


@router.post("/royalty-audits/{audit_id}/dismiss", responses=problems(*MOVE_ERRORS))
async def dismiss_audit(audit_id: UUID, actor: Operator, session: Session) -> AuditRead:
    """Operator: the claim is unfounded; the figures stay."""
    licence, audit = await service.end(session, audit_id, "dismiss", actor=actor)
    return _read(licence, audit, actor)


@router.post("/royalty-audits/{audit_id}/withdraw", responses=problems(*MOVE_ERRORS))
async def withdraw_audit(audit_id: UUID, actor: Performer, session: Session) -> AuditRead:
    """Licensor: withdraw the claim; the figures stay."""
    licence, audit = await service.end(session, audit_id, "withdraw", actor=actor)
    return _read(licence, audit, actor)
