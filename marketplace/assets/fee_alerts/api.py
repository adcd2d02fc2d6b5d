from typing import Annotated

from fastapi import Depends, Query

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError
from marketplace.accounts.permissions import Permission
from marketplace.assets.fee_alerts.queries import alerts_of
from marketplace.assets.fee_alerts.schemas import FeeAlertPage
from marketplace.kernel.db import now
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router

router = transactional_router(prefix="/v1/fee-alerts", tags=["rights"])

Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
Within = Annotated[int, Query(ge=0, le=3_660, description="days from today")]


@router.get(
    "",
    response_model=FeeAlertPage,
    responses=problems(InvalidTokenError, InvalidCursorError),
)
async def fee_alerts(
    actor: Reader,
    session: Session,
    within_days: Within = 60,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> object:
    """Annuities that fall due of rights that you own, hold as a pledge or license exclusively.

    A right stays on the list until a payment is recorded. Owners of the organisations concerned
    are written to sixty days before.
    """
    rights, following = await alerts_of(
        session,
        actor.organisation_id,
        on=now(session).date(),
        within_days=within_days,
        cursor=cursor,
        limit=limit,
    )
    return {"items": rights, "next": following}
