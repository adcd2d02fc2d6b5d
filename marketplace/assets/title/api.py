from datetime import UTC
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response, status
from pydantic import AwareDatetime

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.assets.queries import get_right
from marketplace.assets.title import service
from marketplace.assets.title.errors import (
    FutureConveyanceError,
    InvalidOwnersError,
    NothingConveyedError,
    ReceiptOrderNeededError,
    RecordalKnownError,
    ShareNotOwnedError,
    SharesNotWholeError,
)
from marketplace.assets.title.models import Conveyance
from marketplace.assets.title.queries import conveyances_known
from marketplace.assets.title.rules import replay
from marketplace.assets.title.schemas import (
    ConveyanceRead,
    ConveyanceRecord,
    FactRetract,
    TitleRead,
    read_title,
)
from marketplace.kernel.db import now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router

router = transactional_router(prefix="/v1/rights/{right_id}", tags=["rights"])

Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
Operator = Annotated[Actor, Depends(Allowed(Permission.OPERATE_LISTINGS))]
At = Annotated[AwareDatetime | None, Query(description="whose owners; left out: now")]
KnownAt = Annotated[
    AwareDatetime | None, Query(description="as it was known at that moment; left out: now")
]


@router.get("/title", responses=problems(InvalidTokenError, NotFoundError))
async def get_title(
    right_id: UUID, actor: Reader, session: Session, at: At = None, known_at: KnownAt = None
) -> TitleRead:
    """Who owns a right at a moment, as it was known at a moment, with the chain of title."""
    await get_right(session, right_id, actor=actor)
    links = await conveyances_known(session, right_id, known_at)
    known_at = known_at or now(session)
    moment = (at or known_at).astimezone(UTC)
    return read_title(replay(links), links, at=moment, known_at=known_at)


@router.post(
    "/conveyances",
    status_code=status.HTTP_201_CREATED,
    response_model=ConveyanceRead,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotFoundError,
        InvalidOwnersError,
        NothingConveyedError,
        FutureConveyanceError,
        ShareNotOwnedError,
        ReceiptOrderNeededError,
        SharesNotWholeError,
        RecordalKnownError,
    ),
)
async def record_conveyance(
    right_id: UUID,
    request: ConveyanceRecord,
    actor: Operator,
    session: Session,
    response: Response,
) -> Conveyance:
    """Operator: record a grant or transfer of title from the office's register.

    Of two transfers of one share that counts which the office received first, whichever is told
    first. What is known already is answered as it is known, and changes nothing (200).
    """
    link, is_new = await service.record_conveyance(
        session,
        right_id,
        kind=request.kind,
        giver=request.from_organisation_id,
        to=request.to_organisation_id,
        share=request.share.fraction(),
        recordal=request.recordal(),
        source=request.source,
        actor=actor,
    )
    if not is_new:
        response.status_code = status.HTTP_200_OK
    return link


@router.post(
    "/conveyances/{conveyance_id}/retract",
    status_code=status.HTTP_204_NO_CONTENT,
    response_class=Response,
    responses=problems(
        InvalidTokenError, PermissionMissingError, NotFoundError, SharesNotWholeError
    ),
)
async def retract_conveyance(
    right_id: UUID, conveyance_id: UUID, request: FactRetract, actor: Operator, session: Session
) -> None:
    """Operator: take back a link of the chain that was none; what was known stays on record."""
    await service.retract_conveyance(session, right_id, conveyance_id, request.source, actor=actor)
