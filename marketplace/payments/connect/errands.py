"""Payees' accounts at Stripe."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.kernel.db import lock
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import BY_SYSTEM
from marketplace.payments.connect.models import ConnectedAccount
from marketplace.payments.connect.service import forget_link, seal_link
from marketplace.payments.errands.desk import Desk
from marketplace.payments.providers.stripe.errors import StripeRefusalError
from marketplace.payments.providers.stripe.seen import Account
from marketplace.payments.transfers.rest import pay_rest

_TAKEN_OVER = (
    "transfers_enabled",
    "payouts_enabled",
    "details_submitted",
    "disabled_reason",
)


async def open_account(desk: Desk, row_id: str) -> None:
    """Open a payee's account, and get the link to its onboarding."""
    account = await _read(desk, row_id)
    if account.retired_at:
        return
    try:
        seen = await desk.stripe.create_account(
            row_id=row_id,
            organisation_id=str(account.organisation_id),
            country=account.country,
            elsewhere=account.country != desk.terms.country,
        )
    except StripeRefusalError as error:
        async with desk.sessions.begin() as session:
            locked = await lock(session, ConnectedAccount, account.id)
            locked.failure_code, locked.failure_text = error.refusal_code, str(error)
        return
    async with desk.sessions.begin() as session:
        locked = await lock(session, ConnectedAccount, account.id)
        await take_over(session, locked, seen)
    await link_account(desk, row_id)


async def link_account(desk: Desk, row_id: str) -> None:
    """Get a new link to the onboarding of an account."""
    account = await _read(desk, row_id)
    if account.external_id is None or account.retired_at:
        return
    link = await desk.stripe.create_link(account.external_id, return_url=desk.return_url)
    async with desk.sessions.begin() as session:
        seal_link(desk.keyring, await lock(session, ConnectedAccount, account.id), link)


async def look_at_account(desk: Desk, account_id: str) -> None:
    """See what Stripe wants of a payee, and pay them if they can be paid now."""
    query = select(ConnectedAccount).where(col(ConnectedAccount.external_id) == account_id)
    async with desk.sessions() as session:
        known = (await session.execute(query)).scalar_one_or_none()
    if known is None:
        return
    try:
        seen = await desk.stripe.account(account_id)
    except StripeRefusalError:
        seen = _disconnected(account_id)
    async with desk.sessions.begin() as session:
        locked = await lock(session, ConnectedAccount, known.id)
        await take_over(session, locked, seen)


def _disconnected(account_id: str) -> Account:
    """The payee has shut the platform out."""
    return Account(
        id=account_id,
        transfers_enabled=False,
        payouts_enabled=False,
        details_submitted=False,
        requirements=(),
        disabled_reason="deauthorized",
    )


async def take_over(session: AsyncSession, account: ConnectedAccount, seen: Account) -> None:
    """Note an account as Stripe shows it, and pay it what is owed, if it can receive."""
    was_enabled = account.transfers_enabled
    account.external_id = seen.id
    account.failure_code = account.failure_text = None
    account.requirements = list(seen.requirements)
    for name in _TAKEN_OVER:
        setattr(account, name, getattr(seen, name))
    if seen.details_submitted and not seen.requirements:
        forget_link(account)
    await session.flush()
    if was_enabled is not seen.transfers_enabled:
        what = "enable" if seen.transfers_enabled else "disable"
        data = {"disabled_reason": seen.disabled_reason}
        subject = f"connected_account:{account.id}"
        actor = BY_SYSTEM.label
        publish(session, f"connected_account.{what}", subject=subject, actor=actor, data=data)
    if seen.transfers_enabled:
        await pay_rest(session, account.organisation_id)


async def _read(desk: Desk, row_id: str) -> ConnectedAccount:
    async with desk.sessions() as session:
        return await session.get_one(ConnectedAccount, UUID(row_id))
