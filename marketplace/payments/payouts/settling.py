"""What the bank's statement says about our payouts: executed, returned, or executed after all."""

import re
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.kernel.db import fetch, lock, mark_locked
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, move
from marketplace.payments.funding.models import BankEntry, QueueReason
from marketplace.payments.ledger.addresses import BANK, bank_entry_of, transit
from marketplace.payments.ledger.service import Booking, Posting, post
from marketplace.payments.lifecycle import BankEntryState, PayoutState
from marketplace.payments.payouts.models import Payout, PayoutMethod
from marketplace.payments.payouts.service import give_back
from marketplace.payments.providers.bank.statement import Direction

TEXT_LENGTH_MAX: Final = 1_000
NAMES_MAX: Final = 10

_NAME: Final = re.compile(r"(?<![0-9a-f])(?:[0-9a-f][\s-]?){31}[0-9a-f](?![0-9a-f])", re.IGNORECASE)
"""The id of a payout in a text, as we wrote it, or as banks break and print such texts."""
_BOOKED: Final = text("SELECT id FROM ledger_transaction WHERE key = :key")


async def settle_payout(session: AsyncSession, entry: BankEntry) -> QueueReason | None:
    """Confirm or return the payout that an entry names; else say why it has to wait.

    It is named by its end-to-end id or, where a bank drops that, in the text, whose id the entry
    then takes over.
    """
    found = await lock_payouts(session, entry)
    if len(found) != 1:
        debit = entry.direction is Direction.DEBIT
        unknown = QueueReason.UNKNOWN_DEBIT if debit else QueueReason.UNKNOWN_REFERENCE
        return QueueReason.SEVERAL_REFERENCES if found else unknown
    (payout,) = found
    entry.end_to_end_id = payout.end_to_end_id
    if (payout.amount_minor, payout.currency) != (entry.amount_minor, entry.currency):
        return QueueReason.PAYOUT_DIFFERS
    if entry.direction is Direction.DEBIT and payout.state is PayoutState.SENT:
        await _confirm(session, payout)
        return None
    if entry.direction is Direction.CREDIT and payout.state is PayoutState.CONFIRMED:
        await _return(session, payout, entry)
        return None
    if entry.direction is Direction.DEBIT and payout.state is PayoutState.RETURNED:
        return await _take_after_return(session, payout)
    return QueueReason.PAYOUT_DIFFERS


async def lock_payouts(session: AsyncSession, entry: BankEntry) -> list[Payout]:
    """The payouts by bank that an entry names, held: the one of its id, or those in its text."""
    named = await _lock_named(session, [entry.end_to_end_id] if entry.end_to_end_id else [])
    return named or await _lock_named(session, _names_in(entry.remittance))


def _names_in(remittance: str) -> list[str]:
    found = _NAME.findall(remittance[:TEXT_LENGTH_MAX])
    names = (re.sub(r"[\s-]", "", name).lower() for name in found)
    return list(dict.fromkeys(names))[:NAMES_MAX]


async def _lock_named(session: AsyncSession, names: list[str]) -> list[Payout]:
    if not names:
        return []
    query = (
        select(Payout)
        .where(col(Payout.end_to_end_id).in_(names), col(Payout.method) == PayoutMethod.BANK)
        .order_by(col(Payout.id))
        .with_for_update()
    )
    found = list((await session.execute(query)).scalars())
    for payout in found:
        mark_locked(session, payout)
    return found


async def _confirm(session: AsyncSession, payout: Payout) -> None:
    move(session, payout, "confirm", role=SYSTEM, actor=BY_SYSTEM)
    await _book_debit(session, payout, source=transit(payout.id))


async def _book_debit(session: AsyncSession, payout: Payout, *, source: str) -> None:
    await post(
        session,
        Booking(
            key=_debit_key(payout),
            kind="payout_confirm",
            subject=f"payout:{payout.id}",
            currency=payout.currency,
            postings=[Posting(source, BANK, payout.amount_minor)],
        ),
    )


def _debit_key(payout: Payout) -> str:
    return f"confirm:payout:{payout.id}"


async def _return(session: AsyncSession, payout: Payout, entry: BankEntry) -> None:
    payout.return_code, payout.return_text = entry.return_code, entry.return_text
    code = entry.return_code
    move(session, payout, "return", role=SYSTEM, actor=BY_SYSTEM, return_code=code)
    await give_back(session, payout, source=BANK, role=SYSTEM, actor=BY_SYSTEM)


async def _take_after_return(session: AsyncSession, payout: Payout) -> QueueReason | None:
    """The bank did execute what somebody said it had not: whoever got it again now owes it.

    What is payable to them is less by it, so that the next batch does not pay it twice. Money
    without a known owner is refunded by it, if it is still here.
    """
    if await fetch(session, _BOOKED, key=_debit_key(payout)):
        return QueueReason.DEBITED_AFTER_RETURN
    entry_id = bank_entry_of(payout.source)
    if entry_id:
        refunded = await lock(session, BankEntry, entry_id)
        if refunded.state is not BankEntryState.QUEUED:
            return QueueReason.DEBITED_AFTER_RETURN
        move(session, refunded, "complete", role=SYSTEM, actor=BY_SYSTEM)
    told = {"amount_minor": payout.amount_minor, "currency": payout.currency}
    subject = f"payout:{payout.id}"
    publish(session, "payout.overpay", subject=subject, actor=BY_SYSTEM.label, data=told)
    await _book_debit(session, payout, source=payout.source)
    return None
