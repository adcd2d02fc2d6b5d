"""The pool of a securitisation runs: what came in is paid in, and falls through the tranches."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.financing.demands.lifecycle import COMPANY, DemandOfferState, DemandState
from marketplace.financing.demands.models import Demand, DemandOffer
from marketplace.financing.demands.service import lock_for
from marketplace.financing.demands.terms import SecuritisationOffered, SecuritisationWanted
from marketplace.financing.securitisation.errors import (
    CollectionOpenError,
    InvalidCollectionError,
    NotSecuritisedError,
)
from marketplace.financing.securitisation.models import PoolCollection, PoolShare
from marketplace.financing.securitisation.rules import Claim, Distribution, waterfall
from marketplace.financing.securitisation.schemas import CollectionReport
from marketplace.kernel.clock import latest_date
from marketplace.kernel.db import lock, now
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import BY_SYSTEM, NotYourMoveError
from marketplace.payments.funding.service import request_payment
from marketplace.payments.ledger.addresses import held, payable
from marketplace.payments.ledger.service import Booking, Posting, post


async def terms_of(
    session: AsyncSession, demand: Demand
) -> tuple[SecuritisationWanted, SecuritisationOffered]:
    """The tranches of a pool whose notes are paid for, and their coupons.

    Raises:
        NotSecuritisedError: it is no such demand, or not that far.
    """
    query = select(DemandOffer).where(
        col(DemandOffer.demand_id) == demand.id,
        col(DemandOffer.state) == DemandOfferState.ACCEPTED,
    )
    offer = (await session.execute(query)).scalar_one_or_none()
    wanted, offered = demand.wanted, offer.offered if offer else None
    if (
        demand.state is not DemandState.SETTLED
        or not isinstance(wanted, SecuritisationWanted)
        or not isinstance(offered, SecuritisationOffered)
    ):
        raise NotSecuritisedError
    return wanted, offered


async def claims_of(session: AsyncSession, demand: Demand) -> list[Claim]:
    """What each tranche has to get, as it stands after the last distribution."""
    wanted, offered = await terms_of(session, demand)
    last = {one.position: one for one in await _last_shares(session, demand.id)}
    return [
        Claim(
            last[position].balance_minor if position in last else tranche.size_minor,
            coupon,
            last[position].unpaid_minor if position in last else 0,
        )
        for position, (tranche, coupon) in enumerate(
            zip(wanted.tranches, offered.coupons_basis_points, strict=True), 1
        )
    ]


async def _last_shares(session: AsyncSession, demand_id: UUID) -> Sequence[PoolShare]:
    newest = (
        select(PoolCollection.id)
        .where(col(PoolCollection.demand_id) == demand_id)
        .where(col(PoolCollection.distributed_at).is_not(None))
        .order_by(col(PoolCollection.starts_on).desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(PoolShare).where(col(PoolShare.collection_id) == newest)
    return (await session.execute(query)).scalars().all()


async def report_collection(
    session: AsyncSession, demand_id: UUID, request: CollectionReport, *, actor: Actor
) -> tuple[Demand, PoolCollection]:
    """Say what the receivables of a period brought, and be asked to pay it in.

    Raises:
        NotFoundError, NotYourMoveError: it is for the company of the demand.
        NotSecuritisedError: there is no pool.
        InvalidCollectionError: the period is not over, or not after the one before.
        CollectionOpenError: the one before is not paid in.
    """
    demand, role = await lock_for(session, demand_id, actor)
    if role != COMPANY:
        raise NotYourMoveError(f"this is for the company, and you act as {role}")
    await terms_of(session, demand)
    last = await _newest(session, demand.id)
    if last is not None and last.distributed_at is None:
        raise CollectionOpenError
    starts_on = last.ends_on if last else _first_day(demand)
    if not starts_on < request.ends_on <= latest_date(now(session)):
        raise InvalidCollectionError(f"the period begins on {starts_on}")
    collection = PoolCollection(
        created_at=now(session),
        demand_id=demand.id,
        starts_on=starts_on,
        ends_on=request.ends_on,
        cash_minor=request.cash_minor,
    )
    session.add(collection)
    await session.flush()
    await request_payment(
        session,
        subject=collection.subject,
        payer=demand.company_organisation_id,
        amount_minor=collection.cash_minor,
        currency=demand.currency,
    )
    return demand, collection


def _first_day(demand: Demand) -> date:
    assert demand.settled_at
    return demand.settled_at.date()


async def _newest(session: AsyncSession, demand_id: UUID) -> PoolCollection | None:
    query = select(PoolCollection).where(col(PoolCollection.demand_id) == demand_id)
    query = query.order_by(col(PoolCollection.starts_on).desc()).limit(1)
    return (await session.execute(query)).scalar_one_or_none()


async def on_paid(session: AsyncSession, collection_id: UUID) -> None:
    """The cash of a period is held: it falls through the tranches; told again, nothing happens."""
    seen = await session.get_one(PoolCollection, collection_id)
    demand = await lock(session, Demand, seen.demand_id)
    collection = await lock(session, PoolCollection, collection_id)
    if collection.distributed_at is not None:
        return
    claims = await claims_of(session, demand)
    days = (collection.ends_on - collection.starts_on).days
    found = waterfall(collection.cash_minor, claims, days)
    _write(session, collection, found)
    await _book(session, demand, collection, found)


def _write(session: AsyncSession, collection: PoolCollection, found: Distribution) -> None:
    collection.residue_minor, collection.distributed_at = found.residue_minor, now(session)
    session.add_all(
        PoolShare(
            created_at=now(session),
            collection_id=collection.id,
            position=position,
            interest_due_minor=share.interest_due_minor,
            interest_minor=share.interest_minor,
            principal_minor=share.principal_minor,
            balance_minor=share.balance_minor,
            unpaid_minor=share.unpaid_minor,
        )
        for position, share in enumerate(found.shares, 1)
    )
    publish(
        session,
        "pool_collection.distribute",
        subject=collection.subject,
        actor=BY_SYSTEM.label,
        data={"demand_id": collection.demand_id, "cash_minor": collection.cash_minor},
    )


async def _book(
    session: AsyncSession, demand: Demand, collection: PoolCollection, found: Distribution
) -> None:
    """One movement with a posting for the holder of the notes and one for that of the equity."""
    assert demand.offerer_organisation_id
    parts = {
        payable(demand.offerer_organisation_id): sum(one.paid_minor for one in found.shares),
        payable(demand.company_organisation_id): found.residue_minor,
    }
    source = held(collection.subject)
    await post(
        session,
        Booking(
            key=f"pool_distribution:{collection.subject}",
            kind="pool_distribution",
            subject=demand.subject,
            currency=demand.currency,
            postings=[Posting(source, address, part) for address, part in parts.items() if part],
        ),
    )
