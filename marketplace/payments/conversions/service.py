"""Converting what a payee is owed into another currency: a quote, a yes, and two bookings.

Each currency balances alone: one booking takes the amount out to `world:exchange`, the other brings
its counterpart in, both in one transaction. Where the platform's own money is exchanged at its
bank, the statement's entries are booked against the same accounts.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import Identity, begin, move
from marketplace.kernel.money import AMOUNT_MINOR_MAX, Money
from marketplace.kernel.pagination import page_by_id
from marketplace.payments.conversions.errors import (
    BalanceTooLowError,
    NothingConvertedError,
    SameCurrencyError,
)
from marketplace.payments.conversions.lifecycle import PAYEE, ConversionState
from marketplace.payments.conversions.models import Conversion
from marketplace.payments.currencies.rules import Quotation, converted, rounded
from marketplace.payments.currencies.service import quotations
from marketplace.payments.ledger.addresses import exchange, payable
from marketplace.payments.ledger.service import Booking, Posting, post
from marketplace.payments.lifecycle import OPERATOR

_BALANCE: Final = text(
    "SELECT balance_minor FROM ledger_account"
    " WHERE address = :address AND currency = :currency FOR UPDATE"
)


async def quote(
    session: AsyncSession, amount: Money, into: str, *, on: date, actor: Actor
) -> Conversion:
    """Freeze what an amount that the actor's organisation is owed makes in another currency.

    Raises:
        SameCurrencyError, NoExchangeRateError, NothingConvertedError, BalanceTooLowError: nothing
            was quoted.
    """
    if into == amount.currency:
        raise SameCurrencyError
    found = await quotations(session, (amount.currency, into), on)
    of, to = found[amount.currency], found[into]
    to_minor = rounded(converted(amount.amount_minor, of, to))
    if not 0 < to_minor <= AMOUNT_MINOR_MAX:
        raise NothingConvertedError
    await _require_owed(session, actor.organisation_id, amount)
    conversion = _frozen(session, amount, Money(to_minor, into), of, to, actor)
    begin(
        session,
        conversion,
        actor,
        from_minor=amount.amount_minor,
        from_currency=amount.currency,
        to_minor=to_minor,
        to_currency=into,
        rate_day=conversion.rate_day,
        source=conversion.source,
    )
    await session.flush()
    return conversion


def _frozen(
    session: AsyncSession, given: Money, got: Money, of: Quotation, to: Quotation, actor: Actor
) -> Conversion:
    published = [one for one in (of, to) if one.id]
    return Conversion(
        created_at=now(session),
        organisation_id=actor.organisation_id,
        from_minor=given.amount_minor,
        from_currency=given.currency,
        to_minor=got.amount_minor,
        to_currency=got.currency,
        from_per_euro=of.units_per_euro,
        to_per_euro=to.units_per_euro,
        from_rate_id=of.id,
        to_rate_id=to.id,
        source=published[0].source,
        rate_day=min(one.day for one in published),
    )


async def confirm(session: AsyncSession, conversion_id: UUID, *, actor: Actor) -> Conversion:
    """The payee takes the quote; the operator has a day to convert it."""
    conversion = await _lock_own(session, conversion_id, actor)
    move(session, conversion, "confirm", role=PAYEE, actor=actor)
    return conversion


async def withdraw(session: AsyncSession, conversion_id: UUID, *, actor: Actor) -> Conversion:
    """The payee does without; nothing was moved."""
    conversion = await _lock_own(session, conversion_id, actor)
    move(session, conversion, "withdraw", role=PAYEE, actor=actor)
    return conversion


async def decline(session: AsyncSession, conversion_id: UUID, *, actor: Actor) -> Conversion:
    """The operator does not convert it; nothing was moved."""
    conversion = await lock(session, Conversion, conversion_id)
    move(session, conversion, "decline", role=OPERATOR, actor=actor)
    return conversion


async def convert(session: AsyncSession, conversion_id: UUID, *, actor: Identity) -> Conversion:
    """Book a confirmed conversion at the rate that was frozen.

    Raises:
        BalanceTooLowError: the payee was paid out meanwhile, or came to owe; nothing changed.
    """
    conversion = await lock(session, Conversion, conversion_id)
    move(session, conversion, "convert", role=OPERATOR, actor=actor)
    given = Money(conversion.from_minor, conversion.from_currency)
    await _require_owed(session, conversion.organisation_id, given)
    account = payable(conversion.organisation_id)
    out = Posting(account, exchange(conversion.to_currency), conversion.from_minor)
    back = Posting(exchange(conversion.from_currency), account, conversion.to_minor)
    legs = ((conversion.from_currency, "out", out), (conversion.to_currency, "in", back))
    for currency, leg, posting in sorted(legs, key=lambda one: one[0]):
        await post(
            session,
            Booking(
                key=f"convert:conversion:{conversion.id}:{leg}",
                kind="convert",
                subject=f"conversion:{conversion.id}",
                currency=currency,
                postings=[posting],
            ),
        )
    return conversion


async def _require_owed(session: AsyncSession, organisation_id: UUID, amount: Money) -> None:
    """A payee's account may be negative, so the database alone would not refuse this."""
    values = {"address": payable(organisation_id), "currency": amount.currency}
    balance_minor = (await session.execute(_BALANCE, values)).scalar() or 0
    if balance_minor < amount.amount_minor:
        raise BalanceTooLowError(f"{Money(balance_minor, amount.currency)} are owed to it")


async def _lock_own(session: AsyncSession, conversion_id: UUID, actor: Actor) -> Conversion:
    conversion = await lock(session, Conversion, conversion_id)
    if conversion.organisation_id != actor.organisation_id:
        raise NotFoundError("no such conversion")
    return conversion


async def conversions_page(
    session: AsyncSession,
    organisation_id: UUID | None,
    state: ConversionState | None,
    *,
    cursor: str | None,
    limit: int,
) -> tuple[Sequence[Conversion], str | None]:
    """Conversions, newest first; without an organisation those of all."""
    query = select(Conversion)
    if organisation_id is not None:
        query = query.where(col(Conversion.organisation_id) == organisation_id)
    if state is not None:
        query = query.where(col(Conversion.state) == state)
    return await page_by_id(session, query, Conversion, cursor=cursor, limit=limit)
