"""Booking what moved on the platform's Stripe balance, each movement under Stripe's own id for it.

The key makes a movement bookable once, and lets a reconciliation find what it became.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.payments.errors import CurrencyDiffersError
from marketplace.payments.ledger.addresses import STRIPE, STRIPE_EXPENSE
from marketplace.payments.ledger.service import Booking, Posting, post
from marketplace.payments.providers.stripe.seen import Transaction

_BOOKED: Final = text("SELECT EXISTS (SELECT FROM ledger_transaction WHERE key = :key)")


def key_of(transaction: Transaction) -> str:
    return f"stripe:{transaction.id}"


async def is_booked(session: AsyncSession, transaction: Transaction) -> bool:
    """Exact while the caller holds the row that the movement belongs to."""
    return bool((await session.execute(_BOOKED, {"key": key_of(transaction)})).scalar_one())


def require_currency(transaction: Transaction, currency: str) -> None:
    """Refuse a movement that Stripe converted: amounts of two currencies are never added.

    Raises:
        CurrencyDiffersError: nothing was booked; the reconciliation names the movement.
    """
    if transaction.currency != currency:
        raise CurrencyDiffersError(f"Stripe moved {transaction.currency}, {currency} was due")


async def book(
    session: AsyncSession,
    transaction: Transaction,
    postings: Sequence[Posting],
    *,
    kind: str,
    subject: str,
) -> None:
    """Book a movement on the Stripe balance together with Stripe's fee for it."""
    await post(
        session,
        Booking(
            key=key_of(transaction),
            kind=kind,
            subject=subject,
            currency=transaction.currency,
            postings=[*postings, *_fee(transaction)],
        ),
    )


async def book_fee(session: AsyncSession, transaction: Transaction, *, subject: str) -> None:
    """Book the fee alone, of a movement whose amount was booked with its business fact."""
    if transaction.fee_minor:
        await post(
            session,
            Booking(
                key=f"{key_of(transaction)}:fee",
                kind="provider_fee",
                subject=subject,
                currency=transaction.currency,
                postings=_fee(transaction),
            ),
        )


def _fee(transaction: Transaction) -> list[Posting]:
    fee_minor = transaction.fee_minor
    if fee_minor > 0:
        return [Posting(STRIPE_EXPENSE, STRIPE, fee_minor)]
    return [Posting(STRIPE, STRIPE_EXPENSE, -fee_minor)] if fee_minor else []
