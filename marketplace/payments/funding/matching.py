"""Which payment a bank entry is. What does not match exactly waits for an operator."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.kernel.db import Sessions, mark_locked
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, move
from marketplace.payments.funding.models import BankEntry, PaymentRequest, QueueReason
from marketplace.payments.funding.service import receive
from marketplace.payments.ledger.addresses import BANK, unallocated
from marketplace.payments.ledger.service import Booking, Posting, post
from marketplace.payments.lifecycle import BankEntryState, PaymentRequestState
from marketplace.payments.payouts.settling import settle_payout
from marketplace.payments.providers.bank.reference import find_references
from marketplace.payments.providers.bank.statement import Direction

BATCH: Final = 50


async def match_received(sessions: Sessions) -> int:
    """Match entries that nobody has looked at, each in its own transaction, at most `BATCH`."""
    for count in range(BATCH):
        async with sessions.begin() as session:
            entry = await _next(session)
            if entry is None:
                return count
            await match_entry(session, entry)
    return BATCH


async def _next(session: AsyncSession) -> BankEntry | None:
    query = (
        select(BankEntry)
        .where(col(BankEntry.state) == BankEntryState.RECEIVED)
        .order_by(col(BankEntry.id))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    entry = (await session.execute(query)).scalar_one_or_none()
    if entry:
        mark_locked(session, entry)
    return entry


async def match_entry(session: AsyncSession, entry: BankEntry) -> None:
    """Book a locked, received entry: to its request or payout, or to the operator's queue."""
    if entry.direction is Direction.DEBIT or entry.reversal:
        reason = await settle_payout(session, entry)
    else:
        reason = await _match_credit(session, entry)
    if reason is None:
        move(session, entry, "match", role=SYSTEM, actor=BY_SYSTEM)
    else:
        await _queue(session, entry, reason, role=SYSTEM, actor=BY_SYSTEM)


async def queue_entry(
    session: AsyncSession, entry: BankEntry, *, role: str, actor: Identity
) -> None:
    """Give an entry that could not be matched to the operator, its money set aside."""
    await _queue(session, entry, QueueReason.NOT_MATCHED, role=role, actor=actor)


async def _queue(
    session: AsyncSession, entry: BankEntry, reason: QueueReason, *, role: str, actor: Identity
) -> None:
    entry.reason = reason
    move(session, entry, "queue", role=role, actor=actor, reason=reason)
    if entry.direction is Direction.CREDIT:
        await _set_aside(session, entry)


async def _match_credit(session: AsyncSession, entry: BankEntry) -> QueueReason | None:
    found = await _find_requests(session, entry)
    if len(found) != 1:
        return QueueReason.SEVERAL_REFERENCES if found else QueueReason.UNKNOWN_REFERENCE
    request = found[0]
    reason = _difference(request, entry)
    if reason is None:
        await receive(
            session,
            request,
            source=BANK,
            amount_minor=entry.amount_minor,
            key=f"receive:bank_entry:{entry.id}",
            role=SYSTEM,
            actor=BY_SYSTEM,
        )
    return reason


async def _find_requests(session: AsyncSession, entry: BankEntry) -> Sequence[PaymentRequest]:
    """The requests that the entry names, locked; a text that names several matches none."""
    references = find_references(f"{entry.remittance} {entry.end_to_end_id or ''}"[:1_000])
    if not references:
        return ()
    query = (
        select(PaymentRequest)
        .where(col(PaymentRequest.reference).in_(references[:10]))
        .order_by(col(PaymentRequest.id))
        .with_for_update()
    )
    found = (await session.execute(query)).scalars().all()
    for request in found:
        mark_locked(session, request)
    return found


def _difference(request: PaymentRequest, entry: BankEntry) -> QueueReason | None:
    due_minor = request.amount_minor - request.received_minor
    if request.state is not PaymentRequestState.OPEN:
        return QueueReason.REQUEST_CLOSED
    if request.currency != entry.currency:
        return QueueReason.WRONG_CURRENCY
    if entry.amount_minor == due_minor:
        return None
    return QueueReason.UNDERPAID if entry.amount_minor < due_minor else QueueReason.OVERPAID


async def _set_aside(session: AsyncSession, entry: BankEntry) -> None:
    await post(
        session,
        Booking(
            key=f"receive:bank_entry:{entry.id}",
            kind="set_aside",
            subject=f"bank_entry:{entry.id}",
            currency=entry.currency,
            postings=[Posting(BANK, unallocated(entry.id), entry.amount_minor)],
        ),
    )
