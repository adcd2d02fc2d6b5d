"""The platform's own exchanges at its bank, as its statements show them."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.kernel.db import lock
from marketplace.kernel.lifecycle import move
from marketplace.payments.conversions.errors import SameCurrencyError
from marketplace.payments.funding.models import BankEntry
from marketplace.payments.ledger.addresses import BANK, exchange, unallocated
from marketplace.payments.ledger.service import Booking, Posting, post
from marketplace.payments.lifecycle import OPERATOR
from marketplace.payments.providers.bank.statement import Direction


async def exchange_entry(
    session: AsyncSession, entry_id: UUID, counterpart: str, *, actor: Actor
) -> BankEntry:
    """Book a queued entry as one side of an exchange; the other side is an entry of its own.

    Raises:
        NotFoundError: no such entry.
        SameCurrencyError, IllegalMoveError: nothing changed.
    """
    entry = await lock(session, BankEntry, entry_id)
    if entry.currency == counterpart:
        raise SameCurrencyError
    move(session, entry, "exchange", role=OPERATOR, actor=actor, counterpart=counterpart)
    if entry.direction is Direction.CREDIT:
        source, destination = unallocated(entry.id), exchange(counterpart)
    else:
        source, destination = exchange(counterpart), BANK
    await post(
        session,
        Booking(
            key=f"exchange:bank_entry:{entry.id}",
            kind="exchange",
            subject=f"bank_entry:{entry.id}",
            currency=entry.currency,
            postings=[Posting(source, destination, entry.amount_minor)],
        ),
    )
    return entry
