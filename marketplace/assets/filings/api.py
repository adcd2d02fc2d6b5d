from typing import Annotated
from uuid import UUID

from fastapi import Depends, status

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.assets.errors import KindMismatchError, RightExistsError, RightReservedError
from marketplace.assets.filings import service
from marketplace.assets.filings.models import FiledIdea
from marketplace.assets.filings.schemas import FiledAs, FiledRead, IdeaFile
from marketplace.assets.identifiers import InvalidIdentifierError
from marketplace.assets.models import Right
from marketplace.assets.standing.errors import IllegalLegalEventError
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router

router = transactional_router(prefix="/v1/rights/{right_id}", tags=["rights"])

Registrant = Annotated[Actor, Depends(Allowed(Permission.REGISTER_RIGHTS))]
Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]


def _read(filed: FiledIdea, right: Right) -> FiledRead:
    return FiledRead(
        idea_id=filed.idea_id,
        right_id=right.id,
        kind=FiledAs(right.kind),
        title=right.title,
        legal_status=right.legal_status,
        filed_at=filed.created_at,
    )


@router.post(
    "/filings",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotFoundError,
        KindMismatchError,
        RightReservedError,
        RightExistsError,
        InvalidIdentifierError,
        IllegalLegalEventError,
    ),
)
async def file_idea(
    right_id: UUID, request: IdeaFile, actor: Registrant, session: Session
) -> FiledRead:
    """Register what your idea was filed as. Its team owns the application by the same shares.

    The confidential text and files stay with the idea, and whoever may read them still may.
    """
    return _read(*await service.file_idea(session, right_id, request, actor=actor))


@router.get("/filings", responses=problems(InvalidTokenError, NotFoundError))
async def filings(right_id: UUID, actor: Reader, session: Session) -> list[FiledRead]:
    """What your idea was filed as; of an application, the idea that it came from."""
    found = await service.filings_of(session, right_id, actor=actor)
    return [_read(filed, right) for filed, right in found]
