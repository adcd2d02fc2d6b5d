"""Royalties are paid through the ledger: held when they come, and released at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.deals.licences.models import Licence
from marketplace.deals.licences.parties import lock_licence
from marketplace.deals.models import Deal
from marketplace.deals.payees.queries import payees_of
from marketplace.deals.royalties.booking import ask_for, book_interest, collect
from marketplace.deals.royalties.lifecycle import PaymentState
from marketplace.deals.royalties.models import RoyaltyPayment
from marketplace.deals.rules import Held, Payee, divide
from marketplace.deals.taxation import keep_record, payees_at
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import Fact
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, move
from marketplace.payments.funding.service import cancel_request
from marketplace.payments.ledger.service import post
from marketplace.payments.transfers.service import pay_out


@dataclass(frozen=True, slots=True)
class RoyaltyShares:
    """Between whom a royalty is divided, on the terms of the licence's deal."""

    subject: str
    seller_organisation_id: UUID
    buyer_organisation_id: UUID
    currency: str
    commission_basis_points: int
    commission_vat_basis_points: int
    commission_vat_country: str | None
    released_minor: int = 0
    commission_minor: int = 0
    commission_vat_minor: int = 0


async def on_paid(session: AsyncSession, payment_id: UUID) -> None:
    """A royalty has come: it goes to the licensor's side, and what is late costs interest.

    Told again, nothing happens.
    """
    licence, payment = await _lock(session, payment_id)
    if payment.state is not PaymentState.REQUESTED:
        return
    deal = await session.get_one(Deal, licence.deal_id)
    held = Held(payment.subject, payment.amount_minor, payment.vat_minor)
    payees = await _payees(session, deal, licence)
    division = divide(_shares(deal, licence, payment), held, payment.amount_minor, payees)
    told: dict[str, Any] = {"licence_id": licence.id, "amount_minor": payment.amount_minor}
    move(session, payment, "release", role=SYSTEM, actor=BY_SYSTEM, **told)
    payment.paid_on = now(session).date()
    payment.released_minor = division.sums.released_minor
    payment.commission_minor = division.sums.commission_minor
    payment.commission_vat_minor = division.sums.commission_vat_minor
    payment.withheld_minor = division.sums.withheld_minor
    keep_record(session, division)
    await post(session, division.booking())
    await session.flush()
    if await book_interest(session, licence):
        await collect(session, licence)


async def _lock(session: AsyncSession, payment_id: UUID) -> tuple[Licence, RoyaltyPayment]:
    seen = await session.get(RoyaltyPayment, payment_id)
    if seen is None:
        raise NotFoundError("no such royalty payment")
    licence = await lock(session, Licence, seen.licence_id)
    return licence, await lock(session, RoyaltyPayment, payment_id)


def _shares(deal: Deal, licence: Licence, payment: RoyaltyPayment) -> RoyaltyShares:
    return RoyaltyShares(
        payment.subject,
        licence.licensor_organisation_id,
        licence.licensee_organisation_id,
        payment.currency,
        deal.commission_basis_points,
        deal.commission_vat_basis_points,
        deal.commission_vat_country,
    )


async def _payees(session: AsyncSession, deal: Deal, licence: Licence) -> Sequence[Payee]:
    """Those who share the deal's price share its royalties; of a licence back, its licensor."""
    if licence.position > 1:
        return (Payee(licence.licensor_organisation_id),)
    return await payees_at(session, deal)


async def lock_payment(
    session: AsyncSession, payment_id: UUID, actor: Actor
) -> tuple[Licence, RoyaltyPayment, str]:
    """Hold a licence of the actor's and a payment under it, and say as what.

    Raises:
        NotFoundError: no such payment, or none of the actor's.
    """
    seen = await session.get(RoyaltyPayment, payment_id)
    if seen is None:
        raise NotFoundError("no such royalty payment")
    try:
        licence, role = await lock_licence(session, seen.licence_id, actor)
    except NotFoundError as error:
        raise NotFoundError("no such royalty payment") from error
    return licence, await lock(session, RoyaltyPayment, payment_id), role


async def request(
    session: AsyncSession, payment_id: UUID, *, actor: Actor
) -> tuple[Licence, RoyaltyPayment]:
    """Either side: ask again for a payment that did not come in time."""
    licence, payment, role = await lock_payment(session, payment_id, actor)
    move(session, payment, "request", role=role, actor=actor)
    await ask_for(session, licence, payment)
    return licence, payment


async def waive(
    session: AsyncSession, payment_id: UUID, *, actor: Actor
) -> tuple[Licence, RoyaltyPayment]:
    """Licensor: do without a payment; the charges count as settled.

    Raises:
        RequestNotOpenError: it has arrived in the meantime.
    """
    licence, payment, role = await lock_payment(session, payment_id, actor)
    asked = payment.state is PaymentState.REQUESTED
    told: dict[str, Any] = {"licence_id": licence.id, "amount_minor": payment.amount_minor}
    move(session, payment, "waive", role=role, actor=actor, **told)
    if asked:
        await cancel_request(session, payment.subject, actor=actor)
    return licence, payment


async def lapse(
    session: AsyncSession, payment: RoyaltyPayment, *, role: str, actor: Identity
) -> None:
    """A payment did not come while its reference was open; what came of it goes back.

    Raises:
        RequestNotOpenError: all of it has arrived in the meantime.
    """
    move(session, payment, "lapse", role=role, actor=actor, licence_id=payment.licence_id)
    await cancel_request(session, payment.subject, actor=actor)


async def paid_from(session: AsyncSession, subject: str) -> Sequence[UUID]:
    """Who will be paid from a royalty; nobody for anything else."""
    kind, _, name = subject.partition(":")
    payment = await session.get(RoyaltyPayment, UUID(name)) if kind == "royalty_payment" else None
    if payment is None:
        return ()
    licence = await session.get_one(Licence, payment.licence_id)
    deal = await session.get_one(Deal, licence.deal_id)
    named = await payees_of(session, deal) if licence.position == 1 else ()
    return [payee.organisation_id for payee in named] or [licence.licensor_organisation_id]


async def on_released(session: AsyncSession, fact: Fact) -> None:
    """A royalty became payable to its licensor's side, or goes back to who paid too late."""
    await pay_out(session, fact.subject)
