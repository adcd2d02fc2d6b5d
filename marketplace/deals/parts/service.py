"""A price in parts: planned before the signature, then asked for, held and released one by one.

The deal is locked before its parts, always, so that a decision about the deal and a move of one of
its parts never wait for each other.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.deals.agreement import draw_up
from marketplace.deals.brokers.service import keep_payments
from marketplace.deals.claims.service import pay_claims
from marketplace.deals.deductions import deductions_of
from marketplace.deals.lifecycle import DealState
from marketplace.deals.models import Deal
from marketplace.deals.parties import lock_for
from marketplace.deals.parts.errors import InvalidPartsError, PartNotDueError
from marketplace.deals.parts.lifecycle import ENDED, PAID, PartState
from marketplace.deals.parts.models import DealPart
from marketplace.deals.parts.queries import parts_of
from marketplace.deals.parts.schemas import PartPlan
from marketplace.deals.rules import Held, Payee, Sums, divide
from marketplace.deals.settlement import fact
from marketplace.deals.taxation import keep_record, payees_at
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import lock, mark_locked, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import (
    BY_SYSTEM,
    CLOCK,
    SYSTEM,
    Identity,
    IllegalMoveError,
    begin,
    move,
)
from marketplace.kernel.money import split
from marketplace.payments.funding.service import cancel_request, request_payment
from marketplace.payments.ledger.service import post

GRACE: Final = timedelta(days=30)
MILESTONE_PATIENCE: Final = timedelta(days=365)


async def plan_parts(
    session: AsyncSession,
    keyring: Keyring,
    deal_id: UUID,
    plans: Sequence[PartPlan],
    *,
    actor: Actor,
) -> Deal:
    """Agree on parts of the price, or on one payment again. The text gets another hash.

    Raises:
        InvalidPartsError: they do not sum to the price, or nothing is paid before the transfer.
    """
    deal, role = await lock_for(session, deal_id, actor)
    amounts = [plan.amount_minor for plan in plans]
    move(session, deal, "plan_parts", role=role, actor=actor, amounts_minor=amounts)
    if plans and (sum(amounts) != deal.price_minor or not plans[0].before_transfer):
        raise InvalidPartsError(f"they sum to {sum(amounts)}, the price is {deal.price_minor}")
    await session.execute(delete(DealPart).where(col(DealPart.deal_id) == deal.id))
    for number, plan in enumerate(plans, 1):
        part = DealPart(
            created_at=now(session),
            deal_id=deal.id,
            number=number,
            currency=deal.currency,
            **plan.model_dump(),
        )
        begin(session, part, actor, number=number, amount_minor=part.amount_minor)
    deal.in_parts = bool(plans)
    await session.flush()
    await draw_up(session, keyring, deal)
    return deal


async def start(session: AsyncSession, deal: Deal) -> None:
    """Both have signed: what is due now is asked for, the rest waits for its day or milestone."""
    parts = await parts_of(session, deal, for_update=True)
    amounts = [part.amount_minor for part in parts]
    vat = split(deal.vat_minor, amounts)
    for part, vat_minor in zip(parts, vat, strict=True):
        part.vat_minor = vat_minor
        if part.after_days is None:
            move(session, part, "await_milestone", role=SYSTEM, actor=BY_SYSTEM)
        else:
            await _schedule(session, deal, part, timedelta(days=part.after_days))
    deal.due_at = now(session) + _patience(parts)


async def _schedule(session: AsyncSession, deal: Deal, part: DealPart, wait: timedelta) -> None:
    due_at = now(session) + wait
    move(session, part, "schedule", role=SYSTEM, actor=BY_SYSTEM, due_at=due_at)
    if not wait:
        await _ask(session, deal, part, "request", role=CLOCK, actor=BY_SYSTEM)


def _patience(parts: Sequence[DealPart]) -> timedelta:
    """How long a signed deal waits for what has to be paid before the transfer."""
    waits = [
        MILESTONE_PATIENCE if part.after_days is None else timedelta(days=part.after_days)
        for part in parts
        if part.before_transfer
    ]
    return max(waits) + GRACE


async def _ask(
    session: AsyncSession, deal: Deal, part: DealPart, name: str, *, role: str, actor: Identity
) -> None:
    move(session, part, name, role=role, actor=actor)
    await request_payment(
        session,
        subject=part.subject,
        payer=deal.buyer_organisation_id,
        amount_minor=part.amount_minor + part.vat_minor,
        currency=deal.currency,
    )


async def request(
    session: AsyncSession, deal: Deal, part: DealPart, *, role: str, actor: Identity
) -> None:
    """Ask for a part: on its day, before it by the buyer, or again after it was not paid."""
    await _ask(session, deal, part, "request", role=role, actor=actor)


async def confirm_milestone(
    session: AsyncSession, deal: Deal, part: DealPart, *, role: str, actor: Identity
) -> None:
    """What a part was to be paid for has happened; now it is asked for."""
    await _ask(session, deal, part, "confirm_milestone", role=role, actor=actor)


async def lapse(
    session: AsyncSession, deal: Deal, part: DealPart, *, role: str, actor: Identity
) -> None:
    """A part was not paid in time; what came of it goes back.

    Raises:
        RequestNotOpenError: all of it has arrived in the meantime.
    """
    move(session, part, "lapse", role=role, actor=actor)
    await cancel_request(session, part.subject, actor=actor)


async def hold(session: AsyncSession, part_id: UUID) -> None:
    """Note that a part is held; told again, nothing happens."""
    seen = await session.get(DealPart, part_id)
    if seen is None:
        raise NotFoundError("no such part")
    deal = await lock(session, Deal, seen.deal_id)
    part = await lock(session, DealPart, part_id)
    if part.state is not PartState.REQUESTED:
        return
    move(session, part, "pay", role=SYSTEM, actor=BY_SYSTEM)
    if deal.state is DealState.PARTLY_RELEASED:
        move(session, part, "clear", role=SYSTEM, actor=BY_SYSTEM)
    if deal.state is DealState.SIGNED and await _is_funded(session, deal):
        move(session, deal, "fund", role=SYSTEM, actor=BY_SYSTEM)


async def _is_funded(session: AsyncSession, deal: Deal) -> bool:
    return not await _unpaid_before(session, deal)


async def _unpaid_before(session: AsyncSession, deal: Deal) -> list[DealPart]:
    """What has to be paid before the transfer, and is not."""
    parts = await parts_of(session, deal)
    return [part for part in parts if part.before_transfer and part.state not in PAID]


async def require_paid_before(session: AsyncSession, deal: Deal) -> None:
    """Say which parts of a price a transfer has to wait for.

    Raises:
        IllegalMoveError: some are not paid.
    """
    unpaid = await _unpaid_before(session, deal)
    if unpaid:
        missing = ", ".join(f"{part.number} ({part.state})" for part in unpaid)
        raise IllegalMoveError(
            f"parts to be paid before the transfer are not: {missing}", state=deal.state
        )


async def release(
    session: AsyncSession, deal: Deal, part: DealPart, *, role: str, actor: Identity
) -> None:
    """Pay the seller a part that was held after the right had passed."""
    _require_outstanding(deal)
    payees = await payees_at(session, deal)
    await pay_out(session, deal, part, part.amount_minor, payees, role=role, actor=actor)
    await conclude(session, deal)


async def refund(
    session: AsyncSession, deal: Deal, part: DealPart, *, role: str, actor: Identity
) -> None:
    """Give a single part back to the buyer: the price was reduced by it."""
    _require_outstanding(deal)
    await give_back(session, deal, part, "refund", role=role, actor=actor)
    await conclude(session, deal)


async def forgo(
    session: AsyncSession, deal: Deal, part: DealPart, *, role: str, actor: Identity
) -> None:
    """Do without a part that was not paid: the price was reduced by it."""
    _require_outstanding(deal)
    await _give_up(session, part, "forgo", role=role, actor=actor)
    await conclude(session, deal)


def _require_outstanding(deal: Deal) -> None:
    if deal.state != DealState.PARTLY_RELEASED:
        raise PartNotDueError(f"the deal is {deal.state}")


async def pay_out(
    session: AsyncSession,
    deal: Deal,
    part: DealPart,
    to_seller_minor: int,
    payees: Sequence[Payee],
    *,
    role: str,
    actor: Identity,
) -> None:
    """Release a held part, or what was decided of it; the rest goes back to the buyer."""
    held = Held(part.subject, part.amount_minor, part.vat_minor)
    deductions = await deductions_of(session, deal)
    division = divide(deal, held, to_seller_minor, payees, deductions)
    told = fact(deal, to_seller_minor)
    move(session, part, "release", role=role, actor=actor, deal_id=deal.id, **told)
    part.released_minor = division.sums.released_minor
    part.refunded_minor = division.sums.refunded_minor
    _add(deal, division.sums)
    keep_record(session, division)
    keep_payments(session, deal, division)
    await post(session, division.booking())
    await pay_claims(session, division)


async def give_back(
    session: AsyncSession, deal: Deal, part: DealPart, name: str, *, role: str, actor: Identity
) -> None:
    """Refund a held part to the buyer, with the VAT on it."""
    move(session, part, name, role=role, actor=actor)
    held = Held(part.subject, part.amount_minor, part.vat_minor)
    division = divide(deal, held, 0)
    part.refunded_minor = part.amount_minor
    _add(deal, division.sums)
    await post(session, division.booking())


async def _give_up(
    session: AsyncSession, part: DealPart, name: str, *, role: str, actor: Identity
) -> None:
    asked = part.state is PartState.REQUESTED
    move(session, part, name, role=role, actor=actor)
    if asked:
        await cancel_request(session, part.subject, actor=actor)


async def release_held(session: AsyncSession, deal: Deal, *, role: str, actor: Identity) -> None:
    """The deal is released: what is held of its parts goes to the seller, the rest is awaited."""
    payees = await payees_at(session, deal)
    for part in await parts_of(session, deal, for_update=True):
        if part.state in {PartState.HELD, PartState.CLEARED}:
            await pay_out(session, deal, part, part.amount_minor, payees, role=role, actor=actor)
    await conclude(session, deal)


async def divide_held(
    session: AsyncSession, deal: Deal, to_seller_minor: int, *, role: str, actor: Identity
) -> None:
    """Give the seller so much of what is held, the earlier parts first; nothing more is due."""
    payees = await payees_at(session, deal)
    left = to_seller_minor
    for part in await parts_of(session, deal, for_update=True):
        if part.state is PartState.HELD and left:
            share = min(left, part.amount_minor)
            left -= share
            await pay_out(session, deal, part, share, payees, role=role, actor=actor)
    await end_rest(session, deal, role=role, actor=actor)


async def end_rest(session: AsyncSession, deal: Deal, *, role: str, actor: Identity) -> None:
    """The deal is over: what is held goes back to the buyer, and nothing more is asked for.

    Raises:
        RequestNotOpenError: a part has arrived whose news is still on its way.
    """
    for part in await parts_of(session, deal, for_update=True):
        if part.state in {PartState.HELD, PartState.CLEARED}:
            await give_back(session, deal, part, "give_back", role=role, actor=actor)
        elif part.state not in ENDED:
            await _give_up(session, part, "cancel", role=role, actor=actor)


async def freeze(session: AsyncSession, deal: Deal) -> None:
    """A dispute is open: the clock releases nothing until it is decided."""
    for part in await parts_of(session, deal, for_update=True):
        if part.state is PartState.CLEARED:
            move(session, part, "freeze", role=SYSTEM, actor=BY_SYSTEM)


async def thaw(session: AsyncSession, deal: Deal) -> None:
    """No dispute is open any more: what is held after the right has passed is cleared again."""
    if deal.state != DealState.PARTLY_RELEASED:
        return
    for part in await parts_of(session, deal, for_update=True):
        if part.state is PartState.HELD:
            move(session, part, "clear", role=SYSTEM, actor=BY_SYSTEM)


async def conclude(session: AsyncSession, deal: Deal) -> None:
    """Settle the deal when none of its parts is outstanding; then statistics count it."""
    await session.flush()
    if all(part.state in ENDED for part in await parts_of(session, deal)):
        move(session, deal, "settle", role=SYSTEM, actor=BY_SYSTEM, **fact(deal, 0))


async def held_of_parts(session: AsyncSession, deal: Deal) -> int:
    """What is held of the price, without VAT."""
    parts = await parts_of(session, deal)
    return sum(p.amount_minor for p in parts if p.state in {PartState.HELD, PartState.CLEARED})


def _add(deal: Deal, sums: Sums) -> None:
    (Sums.of(deal) + sums).apply_to(deal)


async def lock_part(
    session: AsyncSession, deal_id: UUID, number: int, actor: Actor
) -> tuple[Deal, DealPart, str]:
    """Hold a deal of the actor's and one of its parts.

    Raises:
        NotFoundError: no such deal or part, or none of the actor's.
    """
    deal, role = await lock_for(session, deal_id, actor)
    query = (
        select(DealPart)
        .where(col(DealPart.deal_id) == deal.id, col(DealPart.number) == number)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    part = (await session.execute(query)).scalar_one_or_none()
    if part is None:
        raise NotFoundError("no such part of this deal")
    mark_locked(session, part)
    return deal, part, role
