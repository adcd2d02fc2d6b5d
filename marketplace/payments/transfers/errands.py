"""Transfers, refunds and reversals at Stripe.

Before the call the payout is marked as sent: whatever happens then, only Stripe knows what became
of it, and nobody may cancel it. Marked already, the call may have been made by a worker that did
not live to hear the answer; so first it is looked for, and then made with the same key.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.kernel.db import lock
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, move
from marketplace.payments.errands.desk import Desk
from marketplace.payments.lifecycle import PayoutState
from marketplace.payments.online.models import OnlinePayment
from marketplace.payments.payouts.models import Payout, PayoutMethod
from marketplace.payments.providers.stripe.amounts import step_minor
from marketplace.payments.providers.stripe.errors import StripeRefusalError, StripeUnknownError
from marketplace.payments.providers.stripe.seen import Refund, Reversal, Transfer
from marketplace.payments.transfers.models import TransferReversal
from marketplace.payments.transfers.sending import (
    confirm,
    lock_payout,
    refuse,
    reversed_,
    take_over_refund,
)


async def send_payout(desk: Desk, payout_id: str) -> None:
    """Carry out a payout by Stripe: a transfer to an account, or a refund of a charge.

    One that was returned is only looked for: what Stripe moved all the same is owed back.
    """
    payout, charge, is_first = await _mark_sent(desk, UUID(payout_id))
    if payout.state not in {PayoutState.SENT, PayoutState.RETURNED}:
        return
    try:
        seen = None if is_first else await _find(desk, payout, charge)
        if seen is None and payout.state is PayoutState.SENT:
            seen = await _carry_out(desk, payout, charge)
    except StripeRefusalError as error:
        async with desk.sessions.begin() as session:
            await refuse(session, await lock_payout(session, payout.id), error)
        return
    if seen:
        await _take_over(desk, payout, seen)


async def _take_over(desk: Desk, payout: Payout, seen: Transfer | Refund) -> None:
    async with desk.sessions.begin() as session:
        locked = await lock_payout(session, payout.id)
        if isinstance(seen, Refund):
            await take_over_refund(session, locked, seen)
        else:
            await confirm(session, locked, seen.id, seen.transaction)


async def _mark_sent(desk: Desk, payout_id: UUID) -> tuple[Payout, str | None, bool]:
    """The payout, the charge it takes from, and whether it was marked by this very call."""
    async with desk.sessions.begin() as session:
        payout = await lock(session, Payout, payout_id)
        is_first = payout.state is PayoutState.PREPARED
        if is_first:
            move(session, payout, "send", role=SYSTEM, actor=BY_SYSTEM)
        query = select(col(OnlinePayment.charge_id)).where(
            col(OnlinePayment.id) == payout.payment_id
        )
        return payout, (await session.execute(query)).scalar_one_or_none(), is_first


async def _find(desk: Desk, payout: Payout, charge: str | None) -> Transfer | Refund | None:
    """What an earlier call made, whose answer was lost."""
    if payout.method is PayoutMethod.STRIPE_REFUND:
        assert charge
        return await desk.stripe.find_refund(str(payout.id), charge)
    return await desk.stripe.find_transfer(str(payout.id), _group(payout))


async def _carry_out(desk: Desk, payout: Payout, charge: str | None) -> Transfer | Refund:
    if payout.method is PayoutMethod.STRIPE_REFUND:
        assert charge
        return await desk.stripe.create_refund(
            payout_id=str(payout.id),
            charge=charge,
            amount_minor=payout.amount_minor,
            currency=payout.currency,
        )
    assert payout.destination
    return await desk.stripe.create_transfer(
        payout_id=str(payout.id),
        group=_group(payout),
        destination=payout.destination,
        source_charge=charge,
        amount_minor=payout.amount_minor,
        currency=payout.currency,
    )


def _group(payout: Payout) -> str:
    return payout.subject or payout.source


async def look_at_refund(desk: Desk, refund_id: str) -> None:
    """Look at a refund; one that was not made here is left to the reconciliation to name."""
    try:
        seen = await desk.stripe.refund(refund_id)
    except StripeUnknownError:
        return
    async with desk.sessions.begin() as session:
        payout = await _payout_named(session, seen.payout_id)
        if payout:
            await take_over_refund(session, payout, seen)


async def _payout_named(session: AsyncSession, name: str | None) -> Payout | None:
    """The payout that a refund says it belongs to, held; whoever else refunds may say anything."""
    try:
        payout_id = UUID(name or "")
    except ValueError:
        return None
    known = await session.get(Payout, payout_id)
    return await lock_payout(session, payout_id) if known else None


async def reverse_transfer(desk: Desk, reversal_id: str) -> None:
    """Take back what the payee's balance covers of a transfer."""
    async with desk.sessions() as session:
        reversal = await session.get_one(TransferReversal, UUID(reversal_id))
        payout = await session.get_one(Payout, reversal.payout_id)
    if reversal.reversed_minor is not None or payout.external_id is None:
        return
    failure, seen = None, await desk.stripe.find_reversal(reversal_id, payout.external_id)
    if seen is None:
        try:
            seen = await _reverse(desk, payout, reversal, reversal.amount_minor)
        except StripeRefusalError as error:
            failure, seen = error, await _reverse_a_part(desk, payout, reversal)
    async with desk.sessions.begin() as session:
        locked = await lock(session, TransferReversal, reversal.id)
        await reversed_(session, locked, seen, failure)


async def _reverse_a_part(
    desk: Desk, payout: Payout, reversal: TransferReversal
) -> Reversal | None:
    """What the payee's balance has; None when it has nothing, or Stripe will not say."""
    try:
        there = await desk.stripe.balance_minor(payout.currency, account=payout.destination)
        part = min(there, reversal.amount_minor - 1)
        part -= part % step_minor(payout.currency)
        return await _reverse(desk, payout, reversal, part) if part > 0 else None
    except StripeRefusalError:
        return None


async def _reverse(
    desk: Desk, payout: Payout, reversal: TransferReversal, amount_minor: int
) -> Reversal:
    if payout.external_id is None:
        raise NotFoundError("this payout was never transferred")
    return await desk.stripe.create_reversal(
        reversal_id=str(reversal.id),
        transfer=payout.external_id,
        amount_minor=amount_minor,
        currency=payout.currency,
    )
