"""Invoices for the commission of deals: who bore it, which only deals know.

A consumer of its own reads the log in commit order, so a release neither waits for a number nor
for another release (docs/decisions/0031). What is issued is worked out from the ledger, so that
an event told again, or one that was missed, changes nothing.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.deals.models import Deal
from marketplace.deals.parts.models import DealPart
from marketplace.deals.parts.queries import deal_of
from marketplace.deals.payees.queries import payees_of
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
FEE_MOVING: Final = (
    "deal.release",
    "deal.resolve_release",
    "deal.resolve_split",
    "deal.refund_released",
    "deal.reverse",
    "deal.unwind",
    "deal_part.release",
)
"""After these the platform has earned a fee, or has given a part of one back."""


async def on_fee_moved(session: AsyncSession, fact: Fact) -> None:
    """Issue what the ledger says of a deal's fees and no document says yet, the oldest first."""
    deal = await deal_of(session, fact.subject)
    if deal is None:
        return
    rate = None
    if deal.commission_vat_rate_id:
        rate = await session.get_one(TaxRate, deal.commission_vat_rate_id)
    for movement in await open_fees(session, deal.subject):
        if movement.net_minor + movement.vat_minor > 0:
            bearers = await _bearers(session, deal, movement)
            await issue_invoices(session, deal.subject, movement, bearers, rate)
        else:
            await issue_credit_notes(session, deal.subject, movement)


async def _bearers(session: AsyncSession, deal: Deal, movement: Row[Any]) -> Sequence[Bearer]:
    """Who got less for the fee, and how much less: as the release was shared."""
    deducted_minor = movement.net_minor + movement.vat_minor
    payees = await payees_of(session, deal)
    if len(payees) <= 1:
        only = payees[0].organisation_id if payees else deal.seller_organisation_id
        return [Bearer(only, deducted_minor)]
    released_minor = await _released_minor(session, deal, movement)
    shares = [payee.numerator for payee in payees]
    gross = split(released_minor, shares)
    net = split(released_minor - deducted_minor, shares)
    return [
        Bearer(payee.organisation_id, before - after)
        for payee, before, after in zip(payees, gross, net, strict=True)
    ]


async def _released_minor(session: AsyncSession, deal: Deal, movement: Row[Any]) -> int:
    """What a movement released, of the deal or of the part that its key names."""
    held_for = str(movement.key).removeprefix("distribute:")
    if held_for == deal.subject:
        return deal.released_minor
    part = await session.get_one(DealPart, UUID(held_for.removeprefix("deal_part:")))
    return part.released_minor
