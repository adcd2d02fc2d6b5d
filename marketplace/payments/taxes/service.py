"""Tables of tax rates over time, and what organisations declare about themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.accounts.actors import Actor
from marketplace.kernel.db import now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.pagination import page_by_id
from marketplace.payments.taxes.errors import TaxRateInPastError
from marketplace.payments.taxes.models import (
    IncomeKind,
    PartyKind,
    TaxKind,
    TaxProfile,
    TaxRate,
    Withholding,
)
from marketplace.payments.taxes.schemas import TaxProfileWrite, TaxRateCreate


@dataclass(frozen=True, slots=True)
class Taxed:
    """What a table is kept for: one jurisdiction's tax on one income of one kind of party."""

    jurisdiction: str
    kind: TaxKind
    party: PartyKind
    income: IncomeKind
    residence: str

    def rows(self) -> SelectOfScalar[TaxRate]:
        return select(TaxRate).where(
            col(TaxRate.jurisdiction) == self.jurisdiction,
            col(TaxRate.kind) == self.kind,
            col(TaxRate.party) == self.party,
            col(TaxRate.income) == self.income,
            col(TaxRate.residence) == self.residence,
        )


async def rate_at(session: AsyncSession, taxed: Taxed, moment: datetime) -> TaxRate | None:
    """The row in force at a moment; periods are half-open. None where nothing is taxed."""
    query = taxed.rows().where(
        col(TaxRate.valid_from) <= moment,
        or_(col(TaxRate.valid_until).is_(None), col(TaxRate.valid_until) > moment),
    )
    return (await session.execute(query)).scalar_one_or_none()


async def vat_at(
    session: AsyncSession, country: str, income: IncomeKind, moment: datetime
) -> TaxRate | None:
    """A country's VAT on what a resident business supplies."""
    taxed = Taxed(country, TaxKind.VAT, PartyKind.BUSINESS, income, country)
    return await rate_at(session, taxed, moment)


async def set_rate(session: AsyncSession, request: TaxRateCreate, *, actor: Actor) -> TaxRate:
    """Begin a new rate and end the open one at that moment. What used the old one keeps it.

    Raises:
        TaxRateInPastError: nothing changed.
        TaxRateOverlapError: by the database.
    """
    valid_from = request.valid_from or now(session)
    if valid_from < now(session):
        raise TaxRateInPastError
    key = Taxed(
        request.jurisdiction, request.kind, request.party, request.income, request.residence
    )
    query = key.rows().where(col(TaxRate.valid_until).is_(None)).with_for_update()
    current = (await session.execute(query)).scalar_one_or_none()
    if current is not None and current.valid_from < valid_from:
        current.valid_until = valid_from
        await session.flush()
    values = request.model_dump(exclude={"valid_from"})
    rate = TaxRate(created_at=now(session), valid_from=valid_from, **values)
    session.add(rate)
    data = {"replaces": current and current.id, "valid_from": valid_from, **values}
    publish(session, "tax_rate.set", subject=f"tax_rate:{rate.id}", actor=actor.label, data=data)
    await session.flush()
    return rate


async def rates(session: AsyncSession) -> Sequence[TaxRate]:
    """Every row, newest first within its table."""
    query = select(TaxRate).order_by(
        col(TaxRate.jurisdiction),
        col(TaxRate.kind),
        col(TaxRate.party),
        col(TaxRate.income),
        col(TaxRate.residence),
        col(TaxRate.valid_from).desc(),
    )
    return (await session.execute(query.limit(1_000))).scalars().all()


async def get_rate(session: AsyncSession, rate_id: UUID) -> TaxRate:
    rate = await session.get(TaxRate, rate_id)
    if rate is None:
        raise NotFoundError("no such tax rate")
    return rate


async def profile_of(session: AsyncSession, organisation_id: UUID) -> TaxProfile | None:
    return (await profiles_of(session, [organisation_id])).get(organisation_id)


async def profiles_of(
    session: AsyncSession, organisation_ids: Sequence[UUID]
) -> Mapping[UUID, TaxProfile]:
    """What these organisations declared, by organisation; those that declared nothing lack."""
    query = select(TaxProfile).where(col(TaxProfile.organisation_id).in_(organisation_ids))
    found = (await session.execute(query)).scalars().all()
    return {profile.organisation_id: profile for profile in found}


async def declare(session: AsyncSession, request: TaxProfileWrite, *, actor: Actor) -> TaxProfile:
    """Say how the actor's organisation is taxed. Deals that were signed keep what they say."""
    profile = await profile_of(session, actor.organisation_id)
    before: dict[str, Any] | None = None
    if profile is None:
        profile = TaxProfile(
            created_at=now(session), organisation_id=actor.organisation_id, **request.model_dump()
        )
        session.add(profile)
    else:
        before = {"residence": profile.residence, "party": profile.party}
        for name, value in request.model_dump().items():
            setattr(profile, name, value)
    data = {
        "from": before,
        "residence": profile.residence,
        "party": profile.party,
        "vat": profile.vat_number is not None,
    }
    subject = f"organisation:{actor.organisation_id}"
    publish(session, "tax_profile.declare", subject=subject, actor=actor.label, data=data)
    await session.flush()
    return profile


async def withholdings_of(
    session: AsyncSession, organisation_id: UUID, *, cursor: str | None, limit: int
) -> tuple[Sequence[Withholding], str | None]:
    """What was kept back from payments to an organisation, newest first."""
    query = select(Withholding).where(col(Withholding.organisation_id) == organisation_id)
    return await page_by_id(session, query, Withholding, cursor=cursor, limit=limit)
