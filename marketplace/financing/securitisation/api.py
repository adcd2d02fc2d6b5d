from uuid import UUID

from fastapi import status

from marketplace.accounts.errors import InvalidTokenError
from marketplace.financing.access import DOOR_ERRORS, Financier, Reader
from marketplace.financing.securitisation import queries, service
from marketplace.financing.securitisation.errors import (
    CollectionOpenError,
    InvalidCollectionError,
    NotSecuritisedError,
)
from marketplace.financing.securitisation.schemas import (
    CollectionRead,
    CollectionReport,
    TrancheRead,
)
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import NotYourMoveError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.payments.access import Ways

router = transactional_router(prefix="/v1/demands", tags=["financing: securitisation"])


@router.get(
    "/{demand_id}/tranches",
    responses=problems(InvalidTokenError, NotFoundError, NotSecuritisedError),
)
async def pool_tranches(demand_id: UUID, actor: Reader, session: Session) -> list[TrancheRead]:
    """The notes of a pool, in the order in which they are paid, as they stand now."""
    demand = await queries.pool_for(session, demand_id, actor=actor)
    return await queries.read_tranches(session, demand)


@router.post(
    "/{demand_id}/collections",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        *DOOR_ERRORS,
        NotYourMoveError,
        NotSecuritisedError,
        InvalidCollectionError,
        CollectionOpenError,
    ),
)
async def report_pool_collection(
    demand_id: UUID, request: CollectionReport, actor: Financier, session: Session, ways: Ways
) -> CollectionRead:
    """Company: say what the receivables of a period brought, and pay it in.

    It falls through the tranches: interest by rank, principal by rank, and the residue to you.
    """
    demand, made = await service.report_collection(session, demand_id, request, actor=actor)
    return (await queries.read_collections(session, demand, [made], actor, ways))[0]


@router.get(
    "/{demand_id}/collections",
    responses=problems(InvalidTokenError, NotFoundError),
)
async def pool_collections(
    demand_id: UUID, actor: Reader, session: Session, ways: Ways
) -> list[CollectionRead]:
    """What a pool brought and who got it, period by period; at most a hundred, newest first."""
    demand = await queries.pool_for(session, demand_id, actor=actor)
    found = await queries.collections_of(session, demand.id)
    return await queries.read_collections(session, demand, found, actor, ways)
