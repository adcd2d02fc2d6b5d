"""The operator's queue: entries of bank statements that matched nothing exactly."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import lock, mark_locked
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import move
from marketplace.kernel.pagination import page_by_id
from marketplace.payments.errors import (
    CurrencyDiffersError,
    EntryNotAllocatableError,
    RequestNotOpenError,
)
from marketplace.payments.funding.models import BankEntry, PaymentRequest
from marketplace.payments.funding.service import receive
from marketplace.payments.ledger.addresses import BANK, BANK_EXPENSE, unallocated
from marketplace.payments.ledger.service import Booking, Posting, post
from marketplace.payments.lifecycle import OPERATOR, BankEntryState, PaymentRequestState
from marketplace.payments.payouts.models import Payout
from marketplace.payments.payouts.service import prepare_payout
from marketplace.payments.payouts.settling import lock_payouts
from marketplace.payments.providers.bank.bank_account import BankAccount
from marketplace.payments.providers.bank.reference import find_references
from marketplace.payments.providers.bank.statement import Direction


async def apply_entry(
    session: AsyncSession, entry_id: UUID, reference: str, *, actor: Actor
) -> BankEntry:
    """Use a queued credit for a payment request; what exceeds it is owed back to the payer.

    Raises:
        NotFoundError: no such entry or reference.
        RequestNotOpenError, CurrencyDiffersError, EntryNotAllocatableError: nothing changed.
    """
    entry = await _lock_credit(session, entry_id)
    request = await _lock_request(session, reference)
    if request.state is not PaymentRequestState.OPEN:
        raise RequestNotOpenError(f"it is {request.state}")
    if request.currency != entry.currency:
        raise CurrencyDiffersError(f"{entry.currency} came, {request.currency} is due")
    move(session, entry, "apply", role=OPERATOR, actor=actor, reference=request.reference)
    await receive(
        session,
        request,
        source=unallocated(entry.id),
        amount_minor=entry.amount_minor,
        key=f"apply:bank_entry:{entry.id}",
        role=OPERATOR,
        actor=actor,
    )
    return entry


async def refund_entry(
    session: AsyncSession, keyring: Keyring, entry_id: UUID, account: BankAccount, *, actor: Actor
) -> Payout:
    """Send a queued credit back, to the account that the operator took from the statement."""
    entry = await _lock_credit(session, entry_id)
    move(session, entry, "refund", role=OPERATOR, actor=actor)
    return await prepare_payout(
        session,
        keyring,
        source=unallocated(entry.id),
        amount_minor=entry.amount_minor,
        currency=entry.currency,
        account=account,
        actor=actor,
    )


async def expense_entry(session: AsyncSession, entry_id: UUID, *, actor: Actor) -> BankEntry:
    """Book a queued debit, such as a bank charge, as the platform's own expense.

    Raises:
        EntryNotAllocatableError: money that came, or that left by a payout.
    """
    entry = await lock(session, BankEntry, entry_id)
    if entry.direction is not Direction.DEBIT:
        raise EntryNotAllocatableError("only money that left can be an expense")
    if await lock_payouts(session, entry):
        raise EntryNotAllocatableError("it names a payout: charge it to the payee")
    move(session, entry, "expense", role=OPERATOR, actor=actor)
    await post(
        session,
        Booking(
            key=f"expense:bank_entry:{entry.id}",
            kind="expense",
            subject=f"bank_entry:{entry.id}",
            currency=entry.currency,
            postings=[Posting(BANK_EXPENSE, BANK, entry.amount_minor)],
        ),
    )
    return entry


async def _lock_credit(session: AsyncSession, entry_id: UUID) -> BankEntry:
    entry = await lock(session, BankEntry, entry_id)
    if entry.direction is not Direction.CREDIT:
        raise EntryNotAllocatableError("only money that came can be applied or refunded")
    return entry


async def _lock_request(session: AsyncSession, reference: str) -> PaymentRequest:
    """The request of a reference as matching reads one; a text that names several names none."""
    query = (
        select(PaymentRequest)
        .where(col(PaymentRequest.reference).in_(find_references(reference)))
        .with_for_update()
    )
    found = (await session.execute(query)).scalars().all()
    if len(found) != 1:
        raise NotFoundError("no payment request has this reference")
    mark_locked(session, found[0])
    return found[0]


async def entries(
    session: AsyncSession, state: BankEntryState, *, cursor: str | None, limit: int
) -> tuple[Sequence[BankEntry], str | None]:
    """Entries in a state, oldest first."""
    query = select(BankEntry).where(col(BankEntry.state) == state)
    return await page_by_id(
        session, query, BankEntry, cursor=cursor, limit=limit, oldest_first=True
    )
