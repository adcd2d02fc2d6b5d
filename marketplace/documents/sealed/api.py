from typing import Annotated
from uuid import UUID

from fastapi import Depends, status

from marketplace.accounts.access import Allowed, Keys
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError, PersonNeededError
from marketplace.accounts.permissions import Permission
from marketplace.documents.sealed import service
from marketplace.documents.sealed.schemas import (
    SealedDocumentAbout,
    SealedDocumentRead,
    SealedDocumentShare,
    SealedDocumentViewRead,
)
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page

router = transactional_router(prefix="/v1/sealed-documents", tags=["confidential documents"])

Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
Sharer = Annotated[Actor, Depends(Allowed(Permission.FINANCE))]
SHARE_ERRORS = (InvalidTokenError, PermissionMissingError, NotFoundError, PersonNeededError)


@router.get(
    "/{document_id}", responses=problems(InvalidTokenError, NotFoundError, PersonNeededError)
)
async def read_sealed_document(
    document_id: UUID, actor: Reader, session: Session, keys: Keys
) -> SealedDocumentRead:
    """Read a confidential document as its owner or under a grant. Each reading is logged."""
    document, content = await service.read(session, keys, document_id, actor=actor)
    about = SealedDocumentAbout.model_validate(document)
    return SealedDocumentRead(**about.model_dump(), content=content)


@router.post(
    "/{document_id}/grant",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(*SHARE_ERRORS),
)
async def grant_sealed_document(
    document_id: UUID, request: SealedDocumentShare, actor: Sharer, session: Session
) -> None:
    """Let another organisation, as a lender, read your document. Granted already, it stays so."""
    await service.grant(session, document_id, request.organisation_id, actor=actor)


@router.post(
    "/{document_id}/revoke",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(InvalidTokenError, PermissionMissingError, NotFoundError),
)
async def revoke_sealed_document(
    document_id: UUID, request: SealedDocumentShare, actor: Sharer, session: Session
) -> None:
    """Let an organisation read your document no longer."""
    await service.revoke(session, document_id, request.organisation_id, actor=actor)


@router.get(
    "/{document_id}/views",
    responses=problems(InvalidTokenError, NotFoundError, InvalidCursorError),
)
async def sealed_document_views(
    document_id: UUID, actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[SealedDocumentViewRead]:
    """Who read your document, newest first."""
    found, following = await service.views_of(
        session, document_id, actor=actor, cursor=cursor, limit=limit
    )
    read = [SealedDocumentViewRead.model_validate(one) for one in found]
    return Page(items=read, next=following)
