"""Pools: founded by an administrator, agreed to by every member, licensed as one."""

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.accounts.organisations.queries import require_known
from marketplace.assets.errors import NotOwnerError
from marketplace.assets.title.queries import current_owner
from marketplace.deals.pools.errors import InvalidPoolError, PoolNotOpenError
from marketplace.deals.pools.lifecycle import ADMINISTRATOR, MEMBER, OPERATOR, PoolState
from marketplace.deals.pools.models import Pool, PoolMember, PoolRight
from marketplace.deals.pools.queries import members_of, rights_of
from marketplace.deals.pools.schemas import PoolFound, PoolMemberInput, PoolOffer
from marketplace.deals.pools.sharing import require_owned
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, NotYourMoveError, begin, move
from marketplace.kernel.money import AMOUNT_MINOR_MAX
from marketplace.listings.bundles.schemas import RIGHTS_MAX, BundleItem
from marketplace.listings.licensing.service import put_offer, type_of
from marketplace.listings.models import Listing
from marketplace.listings.schemas import ListingCreate
from marketplace.listings.service import draft_listing


async def found(session: AsyncSession, request: PoolFound, *, actor: Actor) -> Pool:
    """Write a pool down that its members have yet to agree to.

    Raises:
        InvalidPoolError: shares do not sum to one; somebody or something is named twice.
        NotOwnerError: a right is not its member's.
        NotFoundError: a member is nobody known.
    """
    numerators, denominator = _shares(request.members)
    await require_known(session, {member.organisation_id for member in request.members})
    right_ids = [right_id for member in request.members for right_id in member.right_ids]
    if len(set(right_ids)) != len(right_ids) or len(right_ids) > RIGHTS_MAX:
        raise InvalidPoolError(f"each right once, and at most {RIGHTS_MAX} of them")
    pool = Pool(
        created_at=now(session),
        name=request.name,
        administrator_organisation_id=actor.organisation_id,
        fee_basis_points=request.fee_basis_points,
    )
    begin(session, pool, actor, members=len(request.members), rights=len(right_ids))
    await session.flush()
    pairs = zip(request.members, numerators, strict=True)
    for position, (member, numerator) in enumerate(pairs, 1):
        session.add(
            PoolMember(
                created_at=now(session),
                pool_id=pool.id,
                position=position,
                organisation_id=member.organisation_id,
                numerator=numerator,
                denominator=denominator,
            )
        )
    await _put_rights(session, pool, request.members)
    return pool


def _shares(members: Sequence[PoolMemberInput]) -> tuple[list[int], int]:
    shares = [Fraction(m.share.numerator, m.share.denominator) for m in members]
    if len({member.organisation_id for member in members}) != len(members):
        raise InvalidPoolError("name each member once")
    if sum(shares) != 1:
        raise InvalidPoolError(f"the shares sum to {sum(shares)}")
    denominator = lcm(*(share.denominator for share in shares))
    if denominator > AMOUNT_MINOR_MAX // 10_000:
        raise InvalidPoolError("their common denominator is too large; use rounder shares")
    return [int(share * denominator) for share in shares], denominator


async def _put_rights(
    session: AsyncSession, pool: Pool, members: Sequence[PoolMemberInput]
) -> None:
    position = 0
    for member in members:
        for right_id in member.right_ids:
            if await current_owner(session, right_id) != member.organisation_id:
                raise NotOwnerError("a right is not that member's")
            position += 1
            session.add(
                PoolRight(
                    created_at=now(session),
                    pool_id=pool.id,
                    position=position,
                    right_id=right_id,
                    organisation_id=member.organisation_id,
                )
            )
    await session.flush()


def role_in(pool: Pool, members: Sequence[PoolMember], actor: Actor) -> str | None:
    """What the actor is to a pool: who is a member too, acts as one while it forms."""
    is_member = any(member.organisation_id == actor.organisation_id for member in members)
    administers = pool.administrator_organisation_id == actor.organisation_id
    if is_member and (not administers or pool.state is PoolState.FORMING):
        return MEMBER
    if administers:
        return ADMINISTRATOR
    return OPERATOR if actor.is_operator else None


async def lock_pool(
    session: AsyncSession, pool_id: UUID, actor: Actor
) -> tuple[Pool, Sequence[PoolMember], str]:
    """Hold a pool of the actor's, with its members, and say as what.

    Raises:
        NotFoundError: no such pool, or none of the actor's.
    """
    pool = await lock(session, Pool, pool_id)
    members = await members_of(session, [pool.id])
    role = role_in(pool, members, actor)
    if role is None:
        raise NotFoundError("no such pool")
    return pool, members, role


async def agree(session: AsyncSession, pool_id: UUID, *, actor: Actor) -> Pool:
    """Member: agree to the shares, the fee and the rights. With the last one the pool opens."""
    pool, members, role = await lock_pool(session, pool_id, actor)
    move(session, pool, "agree", role=role, actor=actor, due_at=pool.due_at)
    for member in members:
        if member.organisation_id == actor.organisation_id:
            member.agreed_at = member.agreed_at or now(session)
    if all(member.agreed_at for member in members):
        await require_owned(session, pool.id)
        move(session, pool, "open", role=SYSTEM, actor=BY_SYSTEM)
    await session.flush()
    return pool


async def end(session: AsyncSession, pool_id: UUID, name: str, *, actor: Actor) -> Pool:
    """`dissolve` a pool that forms, `close` an open one, or `leave` it, which closes it.

    What it has licensed goes on, and is paid on the shares of its members.
    """
    pool, _, role = await lock_pool(session, pool_id, actor)
    move(session, pool, name, role=role, actor=actor)
    return pool


async def offer(
    session: AsyncSession, pool_id: UUID, request: PoolOffer, *, actor: Actor
) -> Listing:
    """Administrator: draft a listing of a licence of all rights of the pool.

    Raises:
        PoolNotOpenError: a member has not agreed, the pool is closed, or a right was sold.
    """
    pool = await lock(session, Pool, pool_id)
    members = await members_of(session, [pool.id])
    if pool.administrator_organisation_id != actor.organisation_id:
        if role_in(pool, members, actor) is None:
            raise NotFoundError("no such pool")
        raise NotYourMoveError("the administrator licenses the pool")
    if pool.state is not PoolState.OPEN:
        raise PoolNotOpenError(f"it is {pool.state}")
    await require_owned(session, pool.id)
    rights = await rights_of(session, [pool.id])
    wanted = ListingCreate(
        **request.model_dump(exclude={"terms"}),
        right_id=rights[0].right_id,
        items=[BundleItem(right_id=row.right_id, weight=1) for row in rights],
    )
    listing = await draft_listing(session, wanted, type_of(request.terms), actor=actor)
    await put_offer(session, listing, request.terms, pool_id=pool.id)
    return listing
