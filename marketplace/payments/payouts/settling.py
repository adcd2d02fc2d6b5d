"""What the bank's statement says about our payouts: executed, or returned."""

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.kernel.db import mark_locked
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, move
from marketplace.payments.funding.models import BankEntry, QueueReason
from marketplace.payments.ledger.addresses import BANK, transit
from marketplace.payments.ledger.service import Booking, Posting, post
from marketplace.payments.lifecycle import PayoutState
from marketplace.payments.payouts.models import Payout, PayoutMethod
from marketplace.payments.payouts.service import give_back
from marketplace.payments.providers.bank.statement import Direction


async def settle_payout(session: AsyncSession, entry: BankEntry) -> QueueReason | None:
    """Confirm or return the payout that an entry names; else say why it has to wait."""
    payout = await _lock_payout(session, entry.end_to_end_id)
    if payout is None:
        debit = entry.direction is Direction.DEBIT
        return QueueReason.UNKNOWN_DEBIT if debit else QueueReason.UNKNOWN_REFERENCE
    if (payout.amount_minor, payout.currency) != (entry.amount_minor, entry.currency):
        return QueueReason.PAYOUT_DIFFERS
    if entry.direction is Direction.DEBIT and payout.state is PayoutState.SENT:
        await _confirm(session, payout)
        return None
    if entry.direction is Direction.CREDIT and payout.state is PayoutState.CONFIRMED:
        await _return(session, payout, entry)
        return None
    return QueueReason.PAYOUT_DIFFERS


async def _lock_payout(session: AsyncSession, end_to_end_id: str | None) -> Payout | None:
    query = (
        select(Payout)
        .where(col(Payout.end_to_end_id) == end_to_end_id, col(Payout.method) == PayoutMethod.BANK)
        .with_for_update()
    )
    payout = (await session.execute(query)).scalar_one_or_none()
    if payout:
        mark_locked(session, payout)
    return payout


async def _confirm(session: AsyncSession, payout: Payout) -> None:
    move(session, payout, "confirm", role=SYSTEM, actor=BY_SYSTEM)
    await post(
        session,
        Booking(
            key=f"confirm:payout:{payout.id}",
            kind="payout_confirm",
            subject=f"payout:{payout.id}",
            currency=payout.currency,
            postings=[Posting(transit(payout.id), BANK, payout.amount_minor)],
        ),
    )


async def _return(session: AsyncSession, payout: Payout, entry: BankEntry) -> None:
    payout.return_code, payout.return_text = entry.return_code, entry.return_text
    code = entry.return_code
    move(session, payout, "return", role=SYSTEM, actor=BY_SYSTEM, return_code=code)
    await give_back(session, payout, source=BANK, role=SYSTEM, actor=BY_SYSTEM)
