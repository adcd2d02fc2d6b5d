"""Paying taxes that were kept back or charged to the state that they are owed to."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from marketplace.accounts.actors import Actor
from marketplace.kernel.db import lock, now
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import move
from marketplace.kernel.pagination import page_by_id
from marketplace.payments.errors import EntryNotAllocatableError
from marketplace.payments.funding.models import BankEntry
from marketplace.payments.ledger.addresses import BANK, remitted, tax_accounts
from marketplace.payments.ledger.queries import balances
from marketplace.payments.ledger.service import Booking, Posting, post
from marketplace.payments.lifecycle import OPERATOR
from marketplace.payments.providers.bank.statement import Direction
from marketplace.payments.remittances.errors import MoreThanOwedError
from marketplace.payments.remittances.models import TaxRemittance
from marketplace.payments.remittances.schemas import Remit
from marketplace.payments.taxes.models import TaxKind


async def remit(
    session: AsyncSession, entry_id: UUID, request: Remit, *, actor: Actor
) -> TaxRemittance:
    """Say which tax a queued debit of the bank's statement has paid.

    Raises:
        NotFoundError: no such entry.
        EntryNotAllocatableError, MoreThanOwedError: nothing changed.
    """
    entry = await lock(session, BankEntry, entry_id)
    if entry.direction is not Direction.DEBIT:
        raise EntryNotAllocatableError("only money that left can have paid a tax")
    move(session, entry, "remit", role=OPERATOR, actor=actor, tax=request.tax)
    remittance = TaxRemittance(
        created_at=now(session),
        amount_minor=entry.amount_minor,
        currency=entry.currency,
        paid_on=entry.booked_on,
        bank_entry_id=entry.id,
        recorded_by=actor.person_id,
        **request.model_dump(exclude={"tax"}),
        tax=TaxKind(request.tax),
    )
    session.add(remittance)
    await _book(session, entry, remittance)
    data = {"tax": request.tax, "jurisdiction": request.jurisdiction}
    subject = f"tax_remittance:{remittance.id}"
    publish(session, "tax.remit", subject=subject, actor=actor.label, data=data)
    await session.flush()
    return remittance


async def _book(session: AsyncSession, entry: BankEntry, remittance: TaxRemittance) -> None:
    """What is owed is looked at after the booking, whose lock makes others wait."""
    tax, country = remittance.tax, remittance.jurisdiction
    await post(
        session,
        Booking(
            key=f"remit:bank_entry:{entry.id}",
            kind="tax_remit",
            subject=f"tax_remittance:{remittance.id}",
            currency=entry.currency,
            postings=[Posting(remitted(tax, country), BANK, entry.amount_minor)],
        ),
    )
    found = await balances(session, tax_accounts(tax, country))
    left_minor = sum(row.balance_minor for row in found if row.currency == entry.currency)
    if left_minor < 0:
        owed_minor = left_minor + entry.amount_minor
        raise MoreThanOwedError(f"{owed_minor} minor units of {entry.currency} are owed")


async def remittances_page(
    session: AsyncSession, *, cursor: str | None, limit: int
) -> tuple[Sequence[TaxRemittance], str | None]:
    """Taxes that were paid, newest first."""
    query = select(TaxRemittance)
    return await page_by_id(session, query, TaxRemittance, cursor=cursor, limit=limit)
