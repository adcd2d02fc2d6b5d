from typing import Annotated
from uuid import UUID

from cryptography.x509 import Certificate
from fastapi import Depends, Request, Response

from marketplace.accounts.access import Allowed, Keys
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError
from marketplace.accounts.permissions import Permission
from marketplace.documents.proofs import service
from marketplace.documents.proofs.errors import ProofPendingError
from marketplace.documents.proofs.schemas import ProofRead, read_proof
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page
from marketplace.settings import Settings

router = transactional_router(prefix="/v1/rights/{right_id}/proofs", tags=["proofs of existence"])

Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]


async def _certificates(request: Request) -> tuple[Certificate, ...]:
    settings: Settings = request.app.state.settings
    return settings.timestamp_certificates()


Certificates = Annotated[tuple[Certificate, ...], Depends(_certificates)]


@router.get("", responses=problems(InvalidTokenError, NotFoundError, InvalidCursorError))
async def existence_proofs(
    right_id: UUID, actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[ProofRead]:
    """Every version of text and files that was submitted of your idea, and when it was stamped.

    Of an application that an idea was filed as, they are the proofs of that idea.
    """
    found, following = await service.proofs_of(
        session, right_id, actor=actor, cursor=cursor, limit=limit
    )
    return Page(items=[read_proof(proof, batch) for proof, batch in found], next=following)


@router.get(
    "/{proof_id}",
    response_class=Response,
    responses={
        200: {"content": {"application/json": {}}},
        **problems(InvalidTokenError, NotFoundError, ProofPendingError),
    },
)
async def existence_proof(
    right_id: UUID,
    proof_id: UUID,
    actor: Reader,
    session: Session,
    keys: Keys,
    certificates: Certificates,
) -> Response:
    """The proof as a file: `marketplace proof verify DOCUMENT PROOF` needs nothing else.

    It names the commands by which OpenSSL alone shows the same. Keep it: whoever has it and the
    document proves when it existed, also when this service is gone.
    """
    content = await service.proof_file(session, keys, right_id, proof_id, certificates, actor=actor)
    disposition = f'attachment; filename="{proof_id}.proof.json"'
    headers = {"content-disposition": disposition}
    return Response(content, headers=headers, media_type="application/json")
