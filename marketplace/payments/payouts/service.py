"""Payouts leave in batches, as an ISO 20022 file that the operator hands to the bank."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import fetch, lock, mark_locked, now
from marketplace.kernel.events import publish
from marketplace.kernel.ids import new_id
from marketplace.kernel.lifecycle import Identity, begin, move
from marketplace.kernel.money import AMOUNT_MINOR_MAX
from marketplace.payments.errors import (
    BatchEmptyError,
    BatchNotSentError,
    BatchSentError,
    NothingToPayError,
    NotPaidByBankError,
    SecondPersonNeededError,
)
from marketplace.payments.funding.models import BankEntry, QueueReason
from marketplace.payments.ledger.addresses import bank_entry_of, payable, transit
from marketplace.payments.ledger.service import Booking, Posting, post
from marketplace.payments.lifecycle import OPERATOR, PayoutState
from marketplace.payments.payouts.accounts import open_account, seal_account
from marketplace.payments.payouts.models import PayeeAccount, Payout, PayoutBatch, PayoutMethod
from marketplace.payments.providers.bank.bank_account import BankAccount
from marketplace.payments.providers.bank.pain001 import (
    CreditTransfer,
    CreditTransferBatch,
    render_batch,
)

PAYOUTS_MAX: Final = 1_000

_PAYEES: Final = text(
    """
    SELECT p.organisation_id, least(a.balance_minor, :amount_minor_max) AS amount_minor
    FROM payee_account p
    JOIN ledger_account a ON a.address = 'payable:organisation:' || p.organisation_id
    WHERE a.currency = :currency AND a.balance_minor > 0
      AND NOT EXISTS (SELECT FROM payout_choice c
                      WHERE c.organisation_id = p.organisation_id AND c.method <> 'bank')
    ORDER BY a.address LIMIT :limit FOR UPDATE OF a
    """
)


async def prepare_payout(
    session: AsyncSession,
    keyring: Keyring,
    *,
    source: str,
    amount_minor: int,
    currency: str,
    account: BankAccount,
    actor: Identity,
    organisation_id: UUID | None = None,
) -> Payout:
    """Put money on its way: out of its account now, into the next batch of its currency."""
    account.validate()
    payout_id = new_id()
    payout = Payout(
        id=payout_id,
        created_at=now(session),
        organisation_id=organisation_id,
        source=source,
        amount_minor=amount_minor,
        currency=currency,
        end_to_end_id=payout_id.hex,
        masked="",
        key_id="",
        wrapped_key=b"",
        ciphertext=b"",
    )
    seal_account(keyring, payout, account)
    begin(session, payout, actor, amount_minor=amount_minor, currency=currency)
    await post(
        session,
        Booking(
            key=f"prepare:payout:{payout_id}",
            kind="payout",
            subject=f"payout:{payout_id}",
            currency=currency,
            postings=[Posting(source, transit(payout_id), amount_minor)],
        ),
    )
    return payout


async def create_batch(
    session: AsyncSession, keyring: Keyring, currency: str, *, actor: Actor
) -> PayoutBatch:
    """Collect everything payable in a currency into one batch, at most `PAYOUTS_MAX` payouts.

    Raises:
        NothingToPayError: no payee with a bank account is owed anything, and nothing waits.
    """
    values = {"limit": PAYOUTS_MAX, "amount_minor_max": AMOUNT_MINOR_MAX}
    for payee in await fetch(session, _PAYEES, currency=currency, **values):
        await _prepare_for(session, keyring, payee, currency, actor)
    await session.flush()
    waiting = await _waiting(session, currency)
    if not waiting:
        raise NothingToPayError
    batch = PayoutBatch(
        created_at=now(session),
        currency=currency,
        message_id=new_id().hex,
        created_by=actor.person_id,
    )
    session.add(batch)
    await session.flush()
    for payout in waiting:
        payout.batch_id = batch.id
    data = {"payouts": len(waiting), "currency": currency}
    subject = f"payout_batch:{batch.id}"
    publish(session, "payout_batch.create", subject=subject, actor=actor.label, data=data)
    await session.flush()
    return batch


async def _prepare_for(
    session: AsyncSession, keyring: Keyring, payee: Row[Any], currency: str, actor: Actor
) -> None:
    query = select(PayeeAccount).where(col(PayeeAccount.organisation_id) == payee.organisation_id)
    account = open_account(keyring, (await session.execute(query)).scalar_one())
    await prepare_payout(
        session,
        keyring,
        source=payable(payee.organisation_id),
        amount_minor=payee.amount_minor,
        currency=currency,
        account=account,
        actor=actor,
        organisation_id=payee.organisation_id,
    )


async def _waiting(session: AsyncSession, currency: str) -> Sequence[Payout]:
    query = (
        select(Payout)
        .where(col(Payout.batch_id).is_(None))
        .where(col(Payout.state) == PayoutState.PREPARED)
        .where(col(Payout.method) == PayoutMethod.BANK)
        .where(col(Payout.currency) == currency)
        .order_by(col(Payout.id))
        .limit(PAYOUTS_MAX)
        .with_for_update()
    )
    return (await session.execute(query)).scalars().all()


async def send_batch(
    session: AsyncSession,
    batch_id: UUID,
    *,
    debtor: BankAccount,
    execute_on: date,
    actor: Actor,
    by_another: bool = False,
) -> PayoutBatch:
    """Note that the operator takes the file to the bank; from now on only the bank decides.

    The batch keeps from which account and on which day it is to be paid. `by_another` asks for
    two people: who made a batch does not send it.

    Raises:
        SecondPersonNeededError: the actor made it.
        BatchSentError: it was sent before.
        BatchEmptyError: every payout was cancelled, so there is no file.
    """
    batch = await lock(session, PayoutBatch, batch_id)
    if by_another and batch.created_by == actor.person_id:
        raise SecondPersonNeededError
    if batch.sent_at is not None:
        raise BatchSentError
    payouts = await payouts_of(session, batch_id, for_update=True)
    prepared = [payout for payout in payouts if payout.state is PayoutState.PREPARED]
    if not prepared:
        raise BatchEmptyError
    for payout in prepared:
        mark_locked(session, payout)
        move(session, payout, "send", role=OPERATOR, actor=actor)
    batch.sent_at = now(session)
    batch.debtor, batch.execute_on = asdict(debtor), execute_on
    return batch


async def cancel_payout(
    session: AsyncSession, payout: Payout, *, role: str, actor: Identity
) -> None:
    """Take back a payout that was not sent; the money returns to where it came from."""
    move(session, payout, "cancel", role=role, actor=actor)
    await give_back(session, payout, source=transit(payout.id), role=role, actor=actor)


async def refuse_payout(
    session: AsyncSession, payout: Payout, reason: str, *, actor: Actor, by_another: bool = False
) -> None:
    """Note that the bank did not execute a sent payout; its money is payable again.

    `by_another` asks for two people: who made its batch does not say so.

    Raises:
        NotPaidByBankError: Stripe may have moved the money already, so nobody else may say this.
        SecondPersonNeededError: the actor made its batch.
    """
    require_bank(payout)
    payout.lifecycle.step(payout.state, "refuse", role=OPERATOR)
    if by_another:
        batch = await session.get_one(PayoutBatch, payout.batch_id)
        if batch.created_by == actor.person_id:
            raise SecondPersonNeededError
    payout.return_text = reason
    move(session, payout, "refuse", role=OPERATOR, actor=actor)
    await give_back(session, payout, source=transit(payout.id), role=OPERATOR, actor=actor)


def require_bank(payout: Payout) -> None:
    """Refuse what only a bank's file can tell, of a payout that Stripe carries out.

    Raises:
        NotPaidByBankError: nothing changed.
    """
    if payout.method is not PayoutMethod.BANK:
        raise NotPaidByBankError


async def finish_payout(
    session: AsyncSession, payout: Payout, *, role: str, actor: Identity
) -> None:
    """Close a confirmed payout that the bank no longer returns, and the entry that it refunded."""
    move(session, payout, "finish", role=role, actor=actor)
    entry_id = bank_entry_of(payout.source)
    if entry_id:
        entry = await lock(session, BankEntry, entry_id)
        move(session, entry, "complete", role=role, actor=actor)


async def give_back(
    session: AsyncSession, payout: Payout, *, source: str, role: str, actor: Identity
) -> None:
    """Owe the money of a payout that did not arrive to its payee again.

    Money without a known owner waits for the operator again, who may know another account.
    """
    await post(
        session,
        Booking(
            key=f"give_back:payout:{payout.id}",
            kind="payout_return",
            subject=f"payout:{payout.id}",
            currency=payout.currency,
            postings=[Posting(source, payout.source, payout.amount_minor)],
        ),
    )
    entry_id = bank_entry_of(payout.source)
    if entry_id:
        entry = await lock(session, BankEntry, entry_id)
        entry.reason = QueueReason.REFUND_FAILED
        move(session, entry, "requeue", role=role, actor=actor, reason=entry.reason)


async def payouts_of(
    session: AsyncSession, batch_id: UUID, *, for_update: bool = False
) -> Sequence[Payout]:
    """The payouts of a batch, oldest first; with `for_update` held until the transaction ends."""
    query = select(Payout).where(col(Payout.batch_id) == batch_id).order_by(col(Payout.id))
    if for_update:
        query = query.with_for_update()
    return (await session.execute(query)).scalars().all()


async def render_file(session: AsyncSession, keyring: Keyring, batch_id: UUID) -> bytes:
    """The pain.001 file of a sent batch; the same bytes each time.

    Raises:
        BatchNotSentError: a file that nobody is known to have taken must not reach the bank.
    """
    batch = await lock(session, PayoutBatch, batch_id)
    if batch.debtor is None or batch.execute_on is None:
        raise BatchNotSentError
    payouts = await payouts_of(session, batch_id)
    return render_batch(
        CreditTransferBatch(
            message_id=batch.message_id,
            created_at=batch.created_at,
            execute_on=batch.execute_on,
            debtor=BankAccount(**batch.debtor),
            currency=batch.currency,
            transfers=tuple(
                CreditTransfer(
                    end_to_end_id=payout.end_to_end_id,
                    amount_minor=payout.amount_minor,
                    payee=open_account(keyring, payout),
                    remittance=f"Payout {payout.end_to_end_id}",
                )
                for payout in payouts
                if payout.state is not PayoutState.CANCELLED
            ),
        )
    )
