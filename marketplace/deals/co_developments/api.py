from uuid import UUID

from marketplace.accounts.errors import InvalidTokenError
from marketplace.deals.access import MOVE_ERRORS, Reader, Signer
from marketplace.deals.co_developments import service
from marketplace.deals.co_developments.schemas import CoDevelopmentRead
from marketplace.deals.schemas import AgreementSign
from marketplace.documents.errors import AlreadySignedError, TextChangedError
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.payments.errors import RequestNotOpenError

router = transactional_router(prefix="/v1/co-developments", tags=["solicitations"])


@router.get("/{agreement_id}", responses=problems(InvalidTokenError, NotFoundError))
async def get_co_development(
    agreement_id: UUID, actor: Reader, session: Session
) -> CoDevelopmentRead:
    """An awarded idea that is to be developed together: its text, shares and signatures."""
    return await service.get(session, agreement_id, actor=actor)


@router.post(
    "/{agreement_id}/sign",
    responses=problems(*MOVE_ERRORS, AlreadySignedError, TextChangedError),
)
async def sign_co_development(
    agreement_id: UUID, request: AgreementSign, actor: Signer, session: Session
) -> CoDevelopmentRead:
    """Sign the text by its hash. When everybody has, the organiser pays, and it is in force.

    From then on whatever is filed of the idea belongs to the parties by these shares.
    """
    found = await service.sign_agreement(session, agreement_id, request.sha256, actor=actor)
    return await service.read(session, found)


@router.post("/{agreement_id}/cancel", responses=problems(*MOVE_ERRORS, RequestNotOpenError))
async def cancel_co_development(
    agreement_id: UUID, actor: Signer, session: Session
) -> CoDevelopmentRead:
    """Withdraw before the price is paid: the idea is free again."""
    return await service.read(session, await service.cancel_by(session, agreement_id, actor=actor))
