from typing import Annotated

from fastapi import Depends, Query

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError
from marketplace.accounts.permissions import Permission
from marketplace.assets.alerts.queries import Alert, alerts_of
from marketplace.assets.alerts.schemas import AlertRead
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page

router = transactional_router(prefix="/v1/right-alerts", tags=["rights"])

Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
OpenOnly = Annotated[bool, Query(description="only what still threatens a right")]


def _read(alert: Alert) -> AlertRead:
    return AlertRead(
        id=alert.told.id,
        right_id=alert.right.id,
        kind=alert.right.kind,
        title=alert.right.title,
        office=alert.right.office,
        legal_status=alert.right.legal_status,
        reason=alert.told.reason,
        since=alert.told.since,
        open=alert.is_open,
        created_at=alert.told.created_at,
    )


@router.get("", responses=problems(InvalidTokenError, InvalidCursorError))
async def right_alerts(
    actor: Reader,
    session: Session,
    *,
    open_only: OpenOnly = True,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[AlertRead]:
    """Annuities that fall due, lapses, attachments … of what you own, hold as a pledge or license.

    Those who run the organisations concerned get a letter: of an annuity sixty days before it is
    missed, of anything else when the register tells it. Only a recorded payment ends a `fee_due`.
    """
    found, following = await alerts_of(
        session, actor.organisation_id, open_only=open_only, cursor=cursor, limit=limit
    )
    return Page(items=[_read(one) for one in found], next=following)
