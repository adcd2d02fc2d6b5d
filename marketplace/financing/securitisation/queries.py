from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.financing.demands.lifecycle import COMPANY
from marketplace.financing.demands.models import Demand
from marketplace.financing.demands.queries import get_demand, role_in
from marketplace.financing.loans.queries import payments_of
from marketplace.financing.securitisation.models import PoolCollection, PoolShare
from marketplace.financing.securitisation.rules import attachments
from marketplace.financing.securitisation.schemas import (
    CollectionRead,
    PoolShareRead,
    TrancheRead,
)
from marketplace.financing.securitisation.service import claims_of, terms_of
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.schemas import Amount
from marketplace.payments.providers.port import WaysToPay


async def pool_for(session: AsyncSession, demand_id: UUID, *, actor: Actor) -> Demand:
    """A demand whose pool the actor may see: its two sides, and the operator.

    Raises:
        NotFoundError: there is none.
    """
    demand = await get_demand(session, demand_id, actor=actor)
    if role_in(demand, actor) is None and not actor.is_operator:
        raise NotFoundError("no such pool")
    return demand


async def read_tranches(session: AsyncSession, demand: Demand) -> list[TrancheRead]:
    """The notes of a pool, the most senior first, with what they still have to get."""
    wanted, _ = await terms_of(session, demand)
    claims = await claims_of(session, demand)
    sizes = [one.size_minor for one in wanted.tranches]
    bounds = attachments(sizes, wanted.equity_minor)

    def amount(minor: int) -> Amount:
        return Amount(amount_minor=minor, currency=demand.currency)

    return [
        TrancheRead(
            position=position,
            name=tranche.name,
            size=amount(tranche.size_minor),
            attachment=amount(low),
            detachment=amount(high),
            coupon_basis_points=claim.coupon_basis_points,
            balance=amount(claim.balance_minor),
            unpaid_interest=amount(claim.unpaid_minor),
        )
        for position, (tranche, claim, (low, high)) in enumerate(
            zip(wanted.tranches, claims, bounds, strict=True), 1
        )
    ]


async def collections_of(session: AsyncSession, demand_id: UUID) -> Sequence[PoolCollection]:
    """What was collected for a pool, newest first; at most a hundred."""
    query = select(PoolCollection).where(col(PoolCollection.demand_id) == demand_id)
    query = query.order_by(col(PoolCollection.starts_on).desc()).limit(100)
    return (await session.execute(query)).scalars().all()


async def read_collections(
    session: AsyncSession,
    demand: Demand,
    found: Sequence[PoolCollection],
    actor: Actor,
    ways: WaysToPay,
) -> list[CollectionRead]:
    shares: dict[UUID, list[PoolShareRead]] = {one.id: [] for one in found}
    query = select(PoolShare).where(col(PoolShare.collection_id).in_(shares))
    for row in (await session.execute(query.order_by(col(PoolShare.position)))).scalars():
        shares[row.collection_id].append(PoolShareRead.model_validate(row))
    due = [one.subject for one in found if one.distributed_at is None]
    payments = await payments_of(session, due, ways) if due else {}
    pays = role_in(demand, actor) == COMPANY
    return [
        CollectionRead(
            id=one.id,
            starts_on=one.starts_on,
            ends_on=one.ends_on,
            cash=Amount(amount_minor=one.cash_minor, currency=demand.currency),
            residue=Amount(amount_minor=one.residue_minor, currency=demand.currency),
            shares=shares[one.id],
            distributed_at=one.distributed_at,
            payment=payments.get(one.subject) if pays else None,
        )
        for one in found
    ]
