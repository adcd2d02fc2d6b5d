"""Who invoices the platform's fees, over time."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.kernel.db import now
from marketplace.kernel.events import publish
from marketplace.payments.invoices.errors import SellerInPastError, SeriesTakenError
from marketplace.payments.invoices.models import SellerOfRecord
from marketplace.payments.invoices.schemas import SellerCreate


async def sellers(session: AsyncSession) -> Sequence[SellerOfRecord]:
    """Every seller of record, newest first."""
    query = select(SellerOfRecord).order_by(col(SellerOfRecord.valid_from).desc()).limit(100)
    return (await session.execute(query)).scalars().all()


async def name_seller(
    session: AsyncSession, request: SellerCreate, time_zone: str, *, actor: Actor
) -> SellerOfRecord:
    """Name who invoices from a moment on; the one before ends then.

    Raises:
        SellerInPastError, SeriesTakenError: nothing changed.
        SellerOverlapError: by the database.
    """
    valid_from = request.valid_from or now(session)
    if valid_from < now(session):
        raise SellerInPastError
    await _require_own_series(session, request)
    query = select(SellerOfRecord).where(col(SellerOfRecord.valid_until).is_(None))
    current = (await session.execute(query.with_for_update())).scalar_one_or_none()
    if current is not None and current.valid_from < valid_from:
        current.valid_until = valid_from
        await session.flush()
    values = request.model_dump(exclude={"valid_from", "time_zone"})
    zone = request.time_zone or time_zone
    seller = SellerOfRecord(
        created_at=now(session), valid_from=valid_from, time_zone=zone, **values
    )
    session.add(seller)
    data = {"replaces": current and current.id, "valid_from": valid_from, **values}
    subject = f"seller_of_record:{seller.id}"
    publish(session, "seller_of_record.name", subject=subject, actor=actor.label, data=data)
    await session.flush()
    return seller


async def _require_own_series(session: AsyncSession, request: SellerCreate) -> None:
    """A series is of one legal person, whom the registration number tells from others."""
    query = select(SellerOfRecord.registration_number).where(
        col(SellerOfRecord.series) == request.series,
        col(SellerOfRecord.registration_number).is_not(None),
        col(SellerOfRecord.registration_number) != request.registration_number,
    )
    if (await session.execute(query.limit(1))).first():
        raise SeriesTakenError
