"""All that payees are owed, from whatever, leaves to their Stripe accounts."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.db import fetch
from marketplace.kernel.lifecycle import BY_SYSTEM, Identity
from marketplace.kernel.money import AMOUNT_MINOR_MAX
from marketplace.payments.connect.models import ConnectedAccount
from marketplace.payments.connect.service import account_to_pay
from marketplace.payments.ledger.addresses import payable
from marketplace.payments.online.models import OnlinePayment
from marketplace.payments.online.service import lock_payments
from marketplace.payments.payouts.models import Payout
from marketplace.payments.providers.stripe.amounts import step_minor
from marketplace.payments.transfers.backing import (
    charges_behind,
    coverable_minor,
    free_of,
    hold_balance,
)
from marketplace.payments.transfers.rules import allocate
from marketplace.payments.transfers.service import Due, lock_balance, transfer

PAYEES_MAX: Final = 1_000

_POSITIVE: Final = text(
    "SELECT address, currency FROM ledger_account"
    " WHERE address = ANY (:addresses) AND balance_minor > 0 ORDER BY address, currency"
)
_WAITING: Final = text(
    """
    SELECT c.organisation_id FROM payout_choice c
    JOIN ledger_account a ON a.address = 'payable:organisation:' || c.organisation_id
    WHERE c.method = 'stripe' AND a.currency = :currency AND a.balance_minor > 0
    ORDER BY c.organisation_id LIMIT :limit
    """
)


async def pay_rest(
    session: AsyncSession, organisation_id: UUID, *, actor: Identity = BY_SYSTEM
) -> list[Payout]:
    """Send an organisation all that it is owed to its Stripe account, as far as money is there.

    From the charges that it is due from first; then from the platform's balance, of which what
    others wait for stays. What is not covered stays payable.
    """
    return await _pay_all(session, [organisation_id], actor=actor)


async def pay_waiting(session: AsyncSession, currency: str, *, actor: Identity) -> list[Payout]:
    """Send all who are paid by Stripe what they are owed, at most `PAYEES_MAX` of them."""
    rows = await fetch(session, _WAITING, currency=currency, limit=PAYEES_MAX)
    return await _pay_all(session, [row.organisation_id for row in rows], actor=actor)


async def _pay_all(
    session: AsyncSession, organisations: Sequence[UUID], *, actor: Identity
) -> list[Payout]:
    """Charges are locked before the balance, and that before ledger accounts, in their order."""
    found = [await account_to_pay(session, one) for one in organisations]
    accounts = {payable(one.organisation_id): one for one in found if one}
    owed = await fetch(session, _POSITIVE, addresses=list(accounts))
    if not owed:
        return []
    behind = await charges_behind(session, [one.organisation_id for one in accounts.values()])
    wanted = sorted({payment_id for of in behind.values() for payment_id in of})
    locked = {payment.id: payment for payment in await lock_payments(session, wanted)}
    for currency in sorted({row.currency for row in owed}):
        await hold_balance(session, currency)
    sent: list[Payout] = []
    for row in owed:
        account = accounts[row.address]
        left = behind.get((account.organisation_id, row.currency), {})
        sent += await _pay_one(session, account, row.currency, left, locked, actor)
    return sent


async def _pay_one(
    session: AsyncSession,
    account: ConnectedAccount,
    currency: str,
    left: Mapping[UUID, int],
    locked: Mapping[UUID, OnlinePayment],
    actor: Identity,
) -> list[Payout]:
    balance_minor = await lock_balance(session, Due(account.organisation_id, currency, 0))
    amount_minor = min(balance_minor, AMOUNT_MINOR_MAX)
    charges = [(locked[id_], min(there, free_of(locked[id_]))) for id_, there in left.items()]
    sent: list[Payout] = []
    for payment, part in allocate(amount_minor, charges, step_minor=step_minor(currency)):
        about: dict[str, Any] = {"subject": payment.subject, "payment": payment, "actor": actor}
        sent.append(await transfer(session, account, currency, part, **about))
        amount_minor -= part
    if amount_minor > 0:
        amount_minor = await coverable_minor(session, currency, amount_minor)
    if amount_minor > 0:
        sent.append(await transfer(session, account, currency, amount_minor, actor=actor))
    return sent
