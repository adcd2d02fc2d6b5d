"""The personal data of brokers' mandates, and of what brokers did and got in deals."""

from typing import Final

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col, select

from marketplace.accounts.personal_data.registry import (
    OWN,
    Holder,
    PersonalData,
    Section,
    events_about,
)
from marketplace.deals.brokers.models import BrokerConsent, BrokerPayment, DealBroker
from marketplace.deals.mandates.lifecycle import BROKER, MANDATE, PRINCIPAL, MandateState
from marketplace.deals.mandates.models import Mandate
from marketplace.kernel.db import lock
from marketplace.kernel.lifecycle import move

_HELD: Final = f"principal_organisation_id = {OWN} OR broker_organisation_id = {OWN}"
_DEALS: Final = (
    f"SELECT id FROM deal WHERE buyer_organisation_id = {OWN} OR seller_organisation_id = {OWN}"
)
_IN_DEALS: Final = f"broker_organisation_id = {OWN} OR deal_id IN ({_DEALS})"
_NUMBERS: Final = ("right_range", "territory_range", "hold_range")
_ENDINGS: Final = {"withdraw", "decline", "revoke", "resign"}


async def _end_mandates(session: AsyncSession, holder: Holder) -> None:
    """Nobody acts for a person who is gone, nor does the person act for others."""
    theirs = holder.answerable_ids
    given = col(Mandate.principal_organisation_id)
    query = (
        select(Mandate.id)
        .where(or_(given.in_(theirs), col(Mandate.broker_organisation_id).in_(theirs)))
        .where(col(Mandate.state).in_((MandateState.OFFERED, MandateState.ACTIVE)))
        .order_by(col(Mandate.id))
    )
    for mandate_id in (await session.execute(query)).scalars().all():
        mandate = await lock(session, Mandate, mandate_id)
        role = PRINCIPAL if mandate.principal_organisation_id in theirs else BROKER
        for name in _ENDINGS & set(MANDATE.open_to(mandate.state, role)):
            move(session, mandate, name, role=role, actor=holder)


def _all(name: str, model: type[SQLModel], where: str, *without: str) -> Section:
    shown = tuple(column for column in model.model_fields if column not in without)
    reasons = dict.fromkeys(without, "the scope once more, as numbers for the database")
    return Section(name, model, shown, where, reasons)


PERSONAL_DATA: Final = PersonalData(
    sections=(
        _all("mandates", Mandate, _HELD, *_NUMBERS),
        _all("deal_brokers", DealBroker, _IN_DEALS),
        _all(
            "broker_consents",
            BrokerConsent,
            f"user_id = :user_id OR organisation_id = {OWN} OR deal_id IN ({_DEALS})",
        ),
        _all("broker_payments", BrokerPayment, _IN_DEALS),
        events_about("mandate_events", "mandate", f"SELECT id FROM mandate WHERE {_HELD}"),
    ),
    take_back=_end_mandates,
)
