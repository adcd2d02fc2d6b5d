"""A debit that names a payout and is not simply its execution: an operator charges it to the payee.

Nobody may call it an expense: the payout would be paid out again.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.kernel.db import lock
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, move
from marketplace.payments.errors import EntryNotAllocatableError
from marketplace.payments.funding.models import BankEntry
from marketplace.payments.ledger.addresses import BANK, BANK_EXPENSE, payee_of, transit
from marketplace.payments.ledger.service import Booking, Posting, post
from marketplace.payments.lifecycle import OPERATOR, PayoutState
from marketplace.payments.payouts.models import Payout
from marketplace.payments.payouts.settling import lock_payouts
from marketplace.payments.providers.bank.statement import Direction


async def charge_entry(session: AsyncSession, entry_id: UUID, *, actor: Actor) -> BankEntry:
    """Set a queued debit against the payout that it names, and against its payee.

    A payout that was on its way is confirmed: what the bank took more is its charge, and what it
    took less is payable again. Of any other payout the payee got the money once too often.

    Raises:
        EntryNotAllocatableError: no debit, or it names no single payout in its currency.
    """
    entry = await lock(session, BankEntry, entry_id)
    payouts = await lock_payouts(session, entry) if entry.direction is Direction.DEBIT else []
    if len(payouts) != 1 or payouts[0].currency != entry.currency:
        raise EntryNotAllocatableError("it is no debit that names one payout in its currency")
    (payout,) = payouts
    was_sent = payout.state is PayoutState.SENT
    postings = _of_sent(payout, entry) if was_sent else _again(payout, entry)
    move(session, entry, "charge", role=OPERATOR, actor=actor, payout_id=payout.id)
    entry.end_to_end_id = payout.end_to_end_id
    if was_sent:
        move(session, payout, "confirm", role=SYSTEM, actor=BY_SYSTEM)
    await post(
        session,
        Booking(
            key=f"charge:bank_entry:{entry.id}",
            kind="payout_confirm",
            subject=f"payout:{payout.id}",
            currency=entry.currency,
            postings=postings,
        ),
    )
    return entry


def _of_sent(payout: Payout, entry: BankEntry) -> list[Posting]:
    paid_minor = min(payout.amount_minor, entry.amount_minor)
    postings = [Posting(transit(payout.id), BANK, paid_minor)]
    if entry.amount_minor > paid_minor:
        postings.append(Posting(BANK_EXPENSE, BANK, entry.amount_minor - paid_minor))
    rest_minor = payout.amount_minor - paid_minor
    if rest_minor:
        if payee_of(payout.source) is None:
            raise EntryNotAllocatableError("the rest of it belongs to nobody known here")
        postings.append(Posting(transit(payout.id), payout.source, rest_minor))
    return postings


def _again(payout: Payout, entry: BankEntry) -> list[Posting]:
    """Who is not known here cannot come to owe it, and the platform bears it."""
    source = payout.source if payee_of(payout.source) else BANK_EXPENSE
    return [Posting(source, BANK, entry.amount_minor)]
