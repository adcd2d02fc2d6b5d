"""Routes for those who run the service: health, figures, seals, and events that failed."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.kernel.errors import NotFoundError, UnavailableError
from marketplace.kernel.events import EventFailure, retry
from marketplace.kernel.pagination import Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import HotReads, Session, transactional_router
from marketplace.kernel.schemas import Output, Storable
from marketplace.kernel.seals import EventSeal
from marketplace.wiring import CONSUMERS

health = APIRouter(tags=["operations"])
router = transactional_router(prefix="/v1", tags=["operations"])

Operator = Annotated[Actor, Depends(Allowed(Permission.OPERATE_SYSTEM))]
ConsumerName = Annotated[str, Path(max_length=100), Storable]
Sequence = Annotated[int, Path(ge=1, lt=2**63)]
BY_NAME: Final = {consumer.name: consumer for consumer in CONSUMERS}


class SealRead(Output):
    number: int
    events: int
    hash: str
    previous_hash: str
    merkle_root: str
    sealed_at: datetime


class EventFailureRead(Output):
    consumer: str
    sequence: int
    attempts: int
    error: str
    failed_at: datetime
    set_aside: bool


HEALTH_PATHS: Final = frozenset({"/healthz", "/readyz", "/metrics"})


@health.get("/healthz")
async def alive() -> dict[str, str]:
    """Tell that the process is alive; asks nothing of the database."""
    return {"status": "alive"}


@health.get("/readyz", responses=problems(UnavailableError))
async def ready(reads: HotReads) -> dict[str, str]:
    """Tell that requests can be answered: the database is there, and migrated."""
    await reads.value("SELECT count(*) FROM fee_policy")
    return {"status": "ready"}


@health.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request, reads: HotReads) -> Response:
    """Prometheus figures: requests of this process, and what waits in the database."""
    await request.app.state.backlog.refresh(reads)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@router.get("/seals", response_model=list[SealRead])
async def seals(session: Session, limit: Limit = 20) -> object:
    """The newest seals of the event log. Keep a hash: no older event can change without it."""
    query = select(EventSeal).order_by(col(EventSeal.number).desc()).limit(limit)
    return (await session.execute(query)).scalars().all()


@router.get(
    "/event-failures",
    response_model=list[EventFailureRead],
    responses=problems(InvalidTokenError, PermissionMissingError),
)
async def event_failures(actor: Operator, session: Session, limit: Limit = 20) -> object:
    """Operator: events that a consumer could not handle; those set aside wait for you."""
    query = (
        select(EventFailure)
        .order_by(col(EventFailure.set_aside).desc(), col(EventFailure.failed_at).desc())
        .limit(limit)
    )
    return (await session.execute(query)).scalars().all()


@router.post(
    "/event-failures/{consumer}/{sequence}/retry",
    status_code=204,
    responses=problems(InvalidTokenError, PermissionMissingError, NotFoundError),
)
async def retry_event(
    consumer: ConsumerName, sequence: Sequence, actor: Operator, session: Session
) -> None:
    """Operator: handle an event again that was set aside, once its cause is mended."""
    failure = await _lock_failure(session, consumer, sequence)
    await retry(session, BY_NAME[failure.consumer], failure)


async def _lock_failure(session: AsyncSession, consumer: str, sequence: int) -> EventFailure:
    query = (
        select(EventFailure)
        .where(col(EventFailure.consumer) == consumer, col(EventFailure.sequence) == sequence)
        .where(col(EventFailure.set_aside), col(EventFailure.consumer).in_(BY_NAME))
        .with_for_update()
    )
    failure = (await session.execute(query)).scalar_one_or_none()
    if failure is None:
        raise NotFoundError("no such event was set aside")
    return failure
