"""Invoices for the commission of deals and royalties: who bore it, which only deals know.

A consumer of its own reads the log in commit order, so a release neither waits for a number nor
for another release (docs/decisions/0031). What is issued is worked out from the ledger, so that
an event told again, or one that was missed, changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.deals.licences.models import Licence
from marketplace.deals.models import Deal
from marketplace.deals.parts.models import DealPart
from marketplace.deals.parts.queries import deal_of
from marketplace.deals.payees.queries import payees_of
from marketplace.deals.royalties.models import RoyaltyPayment
from marketplace.kernel.events import Fact
from marketplace.kernel.money import split
from marketplace.payments.invoices.rules import Bearer
from marketplace.payments.invoices.service import (
    issue_credit_notes,
    issue_invoices,
    open_fees,
)
from marketplace.payments.taxes.models import TaxRate

CONSUMER: Final = "invoices"
ROYALTY: Final = "royalty_payment"
FEE_MOVING: Final = (
    "deal.release",
    "deal.resolve_release",
    "deal.resolve_split",
    "deal.refund_released",
    "deal.reverse",
    "deal.unwind",
    "deal_part.release",
    "royalty_payment.release",
)
"""After these the platform has earned a fee, or has given a part of one back."""


@dataclass(frozen=True, slots=True)
class Earned:
    """What fees were taken of: under which subject, on the terms of which deal, and of whom."""

    subject: str
    deal: Deal
    payees: Sequence[tuple[UUID, int]]
    royalty: RoyaltyPayment | None = None


async def on_fee_moved(session: AsyncSession, fact: Fact) -> None:
    """Issue what the ledger says of fees and no document says yet, the oldest first."""
    earned = await _of_royalty(session, fact.subject) or await _of_deal(session, fact.subject)
    if earned is None:
        return
    deal, rate = earned.deal, None
    if deal.commission_vat_rate_id:
        rate = await session.get_one(TaxRate, deal.commission_vat_rate_id)
    for movement in await open_fees(session, earned.subject):
        if movement.net_minor + movement.vat_minor > 0:
            bearers = await _bearers(session, earned, movement)
            await issue_invoices(session, earned.subject, movement, bearers, rate)
        else:
            await issue_credit_notes(session, earned.subject, movement)


async def _of_deal(session: AsyncSession, subject: str) -> Earned | None:
    deal = await deal_of(session, subject)
    if deal is None:
        return None
    return Earned(deal.subject, deal, await _shares(session, deal, deal.seller_organisation_id))


async def _of_royalty(session: AsyncSession, subject: str) -> Earned | None:
    """Who shares the deal's price shares its royalties; of a licence back, its licensor."""
    kind, _, name = subject.partition(":")
    payment = await session.get(RoyaltyPayment, UUID(name)) if kind == ROYALTY else None
    if payment is None:
        return None
    licence = await session.get_one(Licence, payment.licence_id)
    deal, licensor = await session.get_one(Deal, licence.deal_id), licence.licensor_organisation_id
    first = licence.position == 1
    payees = await _shares(session, deal, licensor) if first else [(licensor, 1)]
    return Earned(subject, deal, payees, payment)


async def _shares(session: AsyncSession, deal: Deal, otherwise: UUID) -> list[tuple[UUID, int]]:
    named = [(payee.organisation_id, payee.numerator) for payee in await payees_of(session, deal)]
    return named or [(otherwise, 1)]


async def _bearers(session: AsyncSession, earned: Earned, movement: Row[Any]) -> Sequence[Bearer]:
    """Who got less for the fee, and how much less: as the release was shared."""
    deducted_minor = movement.net_minor + movement.vat_minor
    if len(earned.payees) == 1:
        return [Bearer(earned.payees[0][0], deducted_minor)]
    released_minor = await _released_minor(session, earned, movement)
    shares = [share for _, share in earned.payees]
    gross = split(released_minor, shares)
    net = split(released_minor - deducted_minor, shares)
    return [
        Bearer(payee, before - after)
        for (payee, _), before, after in zip(earned.payees, gross, net, strict=True)
    ]


async def _released_minor(session: AsyncSession, earned: Earned, movement: Row[Any]) -> int:
    """What a movement released: of the royalty, of the deal, or of the part that its key names."""
    if earned.royalty is not None:
        return earned.royalty.released_minor
    held_for = str(movement.key).removeprefix("distribute:")
    if held_for == earned.subject:
        return earned.deal.released_minor
    part = await session.get_one(DealPart, UUID(held_for.removeprefix("deal_part:")))
    return part.released_minor
