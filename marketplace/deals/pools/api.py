from collections.abc import Sequence
from uuid import UUID

from fastapi import status

from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.assets.errors import NotOwnerError
from marketplace.assets.identifiers import InvalidClassificationError
from marketplace.deals.access import MOVE_ERRORS, Performer, Reader, Signer
from marketplace.deals.payees.schemas import ShareRead
from marketplace.deals.pools import service
from marketplace.deals.pools.errors import InvalidPoolError, PoolNotOpenError
from marketplace.deals.pools.models import Pool
from marketplace.deals.pools.queries import get_pool, members_of, pools_visible, rights_of
from marketplace.deals.pools.schemas import PoolFound, PoolMemberRead, PoolOffer, PoolRead
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page
from marketplace.listings.access import Seller
from marketplace.listings.models import Listing
from marketplace.listings.schemas import ListingRead

router = transactional_router(prefix="/v1/pools", tags=["pools"])


async def _read(session: Session, pools: Sequence[Pool], actor: Actor) -> list[PoolRead]:
    ids = [pool.id for pool in pools]
    members, rights = await members_of(session, ids), await rights_of(session, ids)
    found = []
    for pool in pools:
        own = [member for member in members if member.pool_id == pool.id]
        role = service.role_in(pool, own, actor)
        told = [
            PoolMemberRead(
                organisation_id=member.organisation_id,
                share=ShareRead(numerator=member.numerator, denominator=member.denominator),
                right_ids=[
                    right.right_id
                    for right in rights
                    if right.pool_id == pool.id and right.organisation_id == member.organisation_id
                ],
                agreed_at=member.agreed_at,
            )
            for member in own
        ]
        fields = {
            name: getattr(pool, name)
            for name in PoolRead.model_fields.keys() & Pool.model_fields.keys()
        }
        moves = pool.lifecycle.open_to(pool.state, role) if role else []
        found.append(PoolRead(**fields, members=told, your_role=role, your_moves=moves))
    return found


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        InvalidTokenError, PermissionMissingError, NotFoundError, InvalidPoolError, NotOwnerError
    ),
)
async def found_pool(request: PoolFound, actor: Performer, session: Session) -> PoolRead:
    """Propose a pool that you administer: whose rights, which shares, what fee.

    Each member agrees before it licenses anything; its shares never change afterwards.
    """
    pool = await service.found(session, request, actor=actor)
    return (await _read(session, [pool], actor))[0]


@router.get("", responses=problems(InvalidTokenError, InvalidCursorError))
async def my_pools(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[PoolRead]:
    """Pools that you administer or belong to, newest first; all of them for an operator."""
    found, following = await pools_visible(session, actor, cursor=cursor, limit=limit)
    return Page(items=await _read(session, found, actor), next=following)


@router.get("/{pool_id}", responses=problems(InvalidTokenError, NotFoundError))
async def get_one_pool(pool_id: UUID, actor: Reader, session: Session) -> PoolRead:
    """A pool: its members, their shares and rights, and who has agreed."""
    pool = await get_pool(session, pool_id, actor=actor)
    return (await _read(session, [pool], actor))[0]


@router.post("/{pool_id}/agree", responses=problems(*MOVE_ERRORS, PoolNotOpenError))
async def agree_to_pool(pool_id: UUID, actor: Signer, session: Session) -> PoolRead:
    """Member: agree to the shares, the fee, and the licensing of your rights by the pool."""
    pool = await service.agree(session, pool_id, actor=actor)
    return (await _read(session, [pool], actor))[0]


@router.post(
    "/{pool_id}/offer-licence",
    status_code=status.HTTP_201_CREATED,
    response_model=ListingRead,
    responses=problems(
        *MOVE_ERRORS, PoolNotOpenError, UnknownCurrencyError, InvalidClassificationError
    ),
)
async def offer_pool_licence(
    pool_id: UUID, request: PoolOffer, actor: Seller, session: Session
) -> Listing:
    """Administrator: draft a listing of a licence of all rights of the pool.

    What it earns goes to the members by their shares, after your fee.
    """
    return await service.offer(session, pool_id, request, actor=actor)


@router.post("/{pool_id}/leave", responses=problems(*MOVE_ERRORS))
async def leave_pool(pool_id: UUID, actor: Signer, session: Session) -> PoolRead:
    """Member: take your rights out, which closes the pool; its licences go on."""
    pool = await service.end(session, pool_id, "leave", actor=actor)
    return (await _read(session, [pool], actor))[0]


@router.post("/{pool_id}/dissolve", responses=problems(*MOVE_ERRORS))
async def dissolve_pool(pool_id: UUID, actor: Performer, session: Session) -> PoolRead:
    """Administrator or member: give up a pool that not everybody has agreed to."""
    pool = await service.end(session, pool_id, "dissolve", actor=actor)
    return (await _read(session, [pool], actor))[0]


@router.post("/{pool_id}/close", responses=problems(*MOVE_ERRORS))
async def close_pool(pool_id: UUID, actor: Performer, session: Session) -> PoolRead:
    """Administrator: license nothing more; what was licensed goes on."""
    pool = await service.end(session, pool_id, "close", actor=actor)
    return (await _read(session, [pool], actor))[0]
