"""What a pool earns goes to its members by their shares, after the administrator's fee."""

from fractions import Fraction
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.assets.title.queries import current_owner
from marketplace.deals.models import Deal
from marketplace.deals.payees.models import PayeeRole
from marketplace.deals.payees.service import put_shares
from marketplace.deals.pools.errors import PoolNotOpenError
from marketplace.deals.pools.lifecycle import PoolState
from marketplace.deals.pools.models import Pool, PoolMember, PoolRight
from marketplace.kernel.db import lock
from marketplace.kernel.money import BASIS_POINTS


def payee_shares(
    administrator: UUID, fee_basis_points: int, members: dict[UUID, Fraction]
) -> dict[UUID, Fraction]:
    """Who gets which exact share of a price: the fee first, then each member of the rest."""
    fee = Fraction(fee_basis_points, BASIS_POINTS)
    found = {member: share * (1 - fee) for member, share in members.items()}
    if fee:
        found[administrator] = found.get(administrator, Fraction(0)) + fee
    return found


async def share_out(session: AsyncSession, deal: Deal, pool_id: UUID) -> None:
    """Name the members as payees of a deal of their pool.

    Raises:
        PoolNotOpenError: it licenses no more, or a right has another owner than when it joined.
    """
    pool = await lock(session, Pool, pool_id)
    if pool.state is not PoolState.OPEN:
        raise PoolNotOpenError(f"it is {pool.state}")
    await require_owned(session, pool.id)
    query = select(PoolMember).where(col(PoolMember.pool_id) == pool.id)
    members = (await session.execute(query.order_by(col(PoolMember.position)))).scalars().all()
    shares = payee_shares(
        pool.administrator_organisation_id,
        pool.fee_basis_points,
        {m.organisation_id: Fraction(m.numerator, m.denominator) for m in members},
    )
    administrator = pool.administrator_organisation_id
    roles = dict.fromkeys(shares, PayeeRole.CO_OWNER) | {administrator: PayeeRole.OTHER}
    await put_shares(session, deal, shares, roles)


async def require_owned(session: AsyncSession, pool_id: UUID) -> None:
    """Refuse, with a PoolNotOpenError, a pool one of whose rights was sold."""
    query = select(PoolRight).where(col(PoolRight.pool_id) == pool_id)
    for row in (await session.execute(query.limit(100))).scalars():
        if await current_owner(session, row.right_id) != row.organisation_id:
            raise PoolNotOpenError("one of its rights has another owner now")
