"""Bank accounts at rest: encrypted whole, bound to their row, masked everywhere else."""

from dataclasses import asdict
from typing import Any, Protocol
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.kernel.crypto import Keyring, Sealed
from marketplace.kernel.db import now
from marketplace.kernel.events import publish
from marketplace.payments.payouts.models import PayeeAccount
from marketplace.payments.providers.bank.bank_account import BankAccount


class Holder(Protocol):
    """A row that carries an encrypted bank account."""

    id: UUID
    masked: str
    key_id: Any
    wrapped_key: Any
    ciphertext: Any


def seal_account(keyring: Keyring, holder: Holder, account: BankAccount) -> None:
    sealed = keyring.seal(orjson.dumps(asdict(account)), context=f"bank_account:{holder.id}")
    holder.masked = account.masked()
    holder.key_id, holder.wrapped_key = sealed.key_id, sealed.wrapped_key
    holder.ciphertext = sealed.ciphertext


def open_account(keyring: Keyring, holder: Holder) -> BankAccount:
    sealed = Sealed(holder.key_id, holder.wrapped_key, holder.ciphertext)
    return BankAccount(**orjson.loads(keyring.open(sealed, context=f"bank_account:{holder.id}")))


async def set_account(
    session: AsyncSession, keyring: Keyring, account: BankAccount, *, actor: Actor
) -> PayeeAccount:
    """Give the account that the actor's organisation is paid to, or replace it.

    Raises:
        InvalidBankAccountError: mistyped; nothing changed.
    """
    account.validate()
    payee = await account_of(session, actor.organisation_id, for_update=True)
    before = payee.masked if payee else None
    if payee is None:
        payee = PayeeAccount(
            created_at=now(session),
            organisation_id=actor.organisation_id,
            masked="",
            key_id="",
            wrapped_key=b"",
            ciphertext=b"",
        )
        session.add(payee)
    seal_account(keyring, payee, account)
    subject = f"organisation:{actor.organisation_id}"
    data = {"from": before, "to": payee.masked}
    publish(session, "payee_account.set", subject=subject, actor=actor.label, data=data)
    await session.flush()
    return payee


async def account_of(
    session: AsyncSession, organisation_id: UUID, *, for_update: bool = False
) -> PayeeAccount | None:
    query = select(PayeeAccount).where(col(PayeeAccount.organisation_id) == organisation_id)
    if for_update:
        query = query.with_for_update()
    return (await session.execute(query)).scalar_one_or_none()
