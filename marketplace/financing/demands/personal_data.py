"""What demands and the pools of securitisations know of persons."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from marketplace.accounts.personal_data.registry import (
    OWN,
    Holder,
    Obligation,
    PersonalData,
    Section,
    events_about,
)
from marketplace.financing.demands.models import Demand, DemandOffer, DemandRight
from marketplace.financing.securitisation.models import PoolCollection, PoolShare
from marketplace.kernel.db import fetch

_OWN: Final = f"SELECT id FROM demand WHERE company_organisation_id = {OWN}"
_SIDES: Final = f"{_OWN} OR offerer_organisation_id = {OWN}"
_OPEN: Final = text(
    """
    SELECT id, state FROM demand WHERE state IN ('open', 'accepted', 'contracted')
        AND (company_organisation_id = ANY (:ids) OR offerer_organisation_id = ANY (:ids))
    ORDER BY id
    """
)
_FORGET: Final = text(
    f"""
    UPDATE demand SET summary = '-',
        terms = jsonb_set(terms, '{{use_of_proceeds}}', '"-"', false)
    WHERE company_organisation_id = {OWN}
    """
)


async def _obligations(session: AsyncSession, holder: Holder) -> list[Obligation]:
    rows = await fetch(session, _OPEN, ids=holder.answerable_ids)
    return [
        Obligation("demand_open", f"demand:{row.id}", f"this demand is {row.state}: end it first")
        for row in rows
    ]


async def _erase(session: AsyncSession, holder: Holder) -> None:
    await session.execute(_FORGET, holder.values)


def _of(name: str, model: type[SQLModel], where: str) -> Section:
    return Section(name, model, tuple(model.model_fields), where)


PERSONAL_DATA: Final = PersonalData(
    sections=(
        _of(
            "demands",
            Demand,
            f"company_organisation_id = {OWN} OR offerer_organisation_id = {OWN}",
        ),
        _of("demand_rights", DemandRight, f"demand_id IN ({_OWN})"),
        _of(
            "demand_offers",
            DemandOffer,
            f"offerer_organisation_id = {OWN} OR demand_id IN ({_OWN})",
        ),
        _of("pool_collections", PoolCollection, f"demand_id IN ({_SIDES})"),
        _of(
            "pool_shares",
            PoolShare,
            f"collection_id IN (SELECT id FROM pool_collection WHERE demand_id IN ({_SIDES}))",
        ),
        events_about("demand_events", "demand", _SIDES),
    ),
    obligations=_obligations,
    erase=_erase,
)
