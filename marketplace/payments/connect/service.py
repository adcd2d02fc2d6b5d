"""Payees' accounts with Stripe: opened, onboarded on Stripe's own page, replaced when they fail."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.organisations.queries import get_organisation
from marketplace.kernel.crypto import Keyring, Sealed
from marketplace.kernel.db import now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.ids import new_id
from marketplace.payments.connect.errors import CountryNotPaidError, NoAccountForMethodError
from marketplace.payments.connect.models import ConnectedAccount, PayoutChoice
from marketplace.payments.errands.models import ErrandKind
from marketplace.payments.errands.service import ask
from marketplace.payments.funding.models import Provider
from marketplace.payments.payouts.accounts import account_of
from marketplace.payments.payouts.models import PayoutMethod
from marketplace.payments.providers.stripe.capability import Stripe
from marketplace.payments.providers.stripe.errors import StripeOffError
from marketplace.payments.providers.stripe.seen import AccountLink

_IS_PAID: Final = text(
    """
    SELECT EXISTS (
        SELECT FROM transfer_country WHERE provider = :provider AND country = :country
          AND valid_from <= :at AND (valid_until IS NULL OR valid_until > :at))
    """
)


async def current_account(
    session: AsyncSession, organisation_id: UUID, *, for_update: bool = False
) -> ConnectedAccount:
    """The Stripe account that an organisation uses now.

    Raises:
        NotFoundError: it has none.
    """
    query = select(ConnectedAccount).where(
        col(ConnectedAccount.organisation_id) == organisation_id,
        col(ConnectedAccount.retired_at).is_(None),
    )
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    account = (await session.execute(query)).scalar_one_or_none()
    if account is None:
        raise NotFoundError("no Stripe account was begun; POST /v1/connected-account begins one")
    return account


async def account_to_pay(session: AsyncSession, organisation_id: UUID) -> ConnectedAccount | None:
    """The account for transfers: chosen by the organisation, and able to receive them."""
    query = (
        select(ConnectedAccount)
        .join(
            PayoutChoice,
            col(PayoutChoice.organisation_id) == col(ConnectedAccount.organisation_id),
        )
        .where(col(ConnectedAccount.organisation_id) == organisation_id)
        .where(col(ConnectedAccount.retired_at).is_(None))
        .where(col(ConnectedAccount.transfers_enabled))
        .where(col(PayoutChoice.method) == PayoutMethod.STRIPE)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def begin_account(session: AsyncSession, terms: Stripe, *, actor: Actor) -> ConnectedAccount:
    """Open an account for the actor's organisation; its onboarding link follows in a moment.

    Raises:
        StripeOffError, CountryNotPaidError: nothing was begun.
        AccountExistsError: by the database.
    """
    if not terms.enabled:
        raise StripeOffError
    organisation = await get_organisation(session, actor.organisation_id)
    values = {"provider": Provider.STRIPE, "country": organisation.country, "at": now(session)}
    if not (await session.execute(_IS_PAID, values)).scalar_one():
        raise CountryNotPaidError
    account = ConnectedAccount(
        created_at=now(session),
        organisation_id=organisation.id,
        country=organisation.country,
    )
    session.add(account)
    await session.flush()
    await ask(session, ErrandKind.OPEN_ACCOUNT, account.id)
    _tell(session, account, "begin", actor)
    return account


async def ask_for_link(session: AsyncSession, *, actor: Actor) -> ConnectedAccount:
    """Have a new onboarding link made; the one before is of no use any more."""
    account = await current_account(session, actor.organisation_id, for_update=True)
    forget_link(account)
    kind = ErrandKind.LINK_ACCOUNT if account.external_id else ErrandKind.OPEN_ACCOUNT
    await ask(session, kind, account.id)
    return account


async def retire_account(session: AsyncSession, *, actor: Actor) -> None:
    """Stop using an account; another may be begun. Money on its way to it is not recalled."""
    account = await current_account(session, actor.organisation_id, for_update=True)
    account.retired_at = now(session)
    forget_link(account)
    _tell(session, account, "retire", actor)


async def choose_method(
    session: AsyncSession, method: PayoutMethod, *, actor: Actor
) -> PayoutMethod:
    """Be paid this way from now on, and no other.

    Raises:
        NoAccountForMethodError: nothing was chosen.
    """
    organisation_id = actor.organisation_id
    if method is PayoutMethod.BANK and await account_of(session, organisation_id) is None:
        raise NoAccountForMethodError("PUT /v1/payee-account gives a bank account")
    if method is PayoutMethod.STRIPE:
        try:
            await current_account(session, organisation_id)
        except NotFoundError as error:
            raise NoAccountForMethodError(str(error)) from error
    before = await method_of(session, organisation_id)
    values = {"id": new_id(), "created_at": now(session), "organisation_id": organisation_id}
    statement = insert(PayoutChoice).values(**values, method=method)
    await session.execute(
        statement.on_conflict_do_update(
            constraint="payout_choice_organisation_unique", set_={"method": method}
        )
    )
    data = {"from": before, "to": method}
    subject = f"organisation:{organisation_id}"
    publish(session, "payout_method.choose", subject=subject, actor=actor.label, data=data)
    return method


async def method_of(session: AsyncSession, organisation_id: UUID) -> PayoutMethod:
    query = select(PayoutChoice.method).where(col(PayoutChoice.organisation_id) == organisation_id)
    return PayoutMethod((await session.execute(query)).scalar_one_or_none() or PayoutMethod.BANK)


def seal_link(keyring: Keyring, account: ConnectedAccount, link: AccountLink) -> None:
    sealed = keyring.seal(link.url.encode(), context=f"account_link:{account.id}")
    account.key_id, account.wrapped_key = sealed.key_id, sealed.wrapped_key
    account.ciphertext, account.link_expires_at = sealed.ciphertext, link.expires_at


def link_of(keyring: Keyring, account: ConnectedAccount, at: datetime) -> str | None:
    """The onboarding page, while its link is good; None otherwise."""
    if account.key_id is None or account.wrapped_key is None or account.ciphertext is None:
        return None
    if account.link_expires_at is None or account.link_expires_at <= at:
        return None
    sealed = Sealed(account.key_id, account.wrapped_key, account.ciphertext)
    return keyring.open(sealed, context=f"account_link:{account.id}").decode()


def forget_link(account: ConnectedAccount) -> None:
    account.key_id = account.wrapped_key = account.ciphertext = account.link_expires_at = None


def _tell(session: AsyncSession, account: ConnectedAccount, what: str, actor: Actor) -> None:
    subject, data = f"connected_account:{account.id}", {"country": account.country}
    publish(session, f"connected_account.{what}", subject=subject, actor=actor.label, data=data)
