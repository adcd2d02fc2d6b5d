"""Who may use the routes of payments, and what they work with."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.models import Organisation
from marketplace.accounts.organisations.queries import get_organisation
from marketplace.accounts.permissions import Permission
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.routing import Session
from marketplace.payments.providers.bank.bank_account import BankAccount
from marketplace.payments.providers.port import PaymentProvider, WaysToPay
from marketplace.payments.providers.stripe.capability import Stripe
from marketplace.settings import Settings

FindPayees = Callable[[AsyncSession, str], Awaitable[Sequence[UUID]]]
"""Who will be paid from what is held for a subject, which the domain above knows."""

Operator = Annotated[Actor, Depends(Allowed(Permission.OPERATE_PAYMENTS))]
Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
Payer = Annotated[Actor, Depends(Allowed(Permission.PERFORM_DEALS))]
AccountManager = Annotated[Actor, Depends(Allowed(Permission.MANAGE_BANK_ACCOUNT))]


def platform_account(settings: Settings) -> BankAccount:
    """The account that buyers pay to, and that payouts are paid from.

    Raises:
        InvalidBankAccountError: the settings name none that a bank would know.
    """
    account = BankAccount(
        settings.bank_holder_name,
        settings.bank_account_number,
        settings.bank_code,
        settings.bank_country,
    )
    account.validate()
    return account


async def _payee(
    actor: Reader,
    session: Session,
    organisation_id: Annotated[UUID | None, Query(description="operator: of which")] = None,
) -> Organisation:
    """The organisation that a reader asks about: their own, or for an operator any.

    Raises:
        NotFoundError: another's, whether or not it exists.
    """
    wanted = organisation_id or actor.organisation_id
    if wanted != actor.organisation_id and not actor.may(Permission.OPERATE_PAYMENTS):
        raise NotFoundError("no such organisation")
    return await get_organisation(session, wanted)


async def _platform_account(request: Request) -> BankAccount:
    account: BankAccount = request.app.state.platform_account
    return account


async def _providers(request: Request) -> tuple[PaymentProvider, ...]:
    providers: tuple[PaymentProvider, ...] = request.app.state.providers
    return providers


async def _ways(request: Request) -> WaysToPay:
    return WaysToPay(request.app.state.platform_account, request.app.state.providers)


async def _stripe(request: Request) -> Stripe:
    terms: Stripe = request.app.state.stripe
    return terms


async def _two_person_payouts(request: Request) -> bool:
    settings: Settings = request.app.state.settings
    return settings.two_person_payouts


async def _payees_of(request: Request) -> FindPayees:
    find: FindPayees = request.app.state.payees_of
    return find


Payee = Annotated[Organisation, Depends(_payee)]
PlatformAccount = Annotated[BankAccount, Depends(_platform_account)]
Providers = Annotated[tuple[PaymentProvider, ...], Depends(_providers)]
Ways = Annotated[WaysToPay, Depends(_ways)]
StripeTerms = Annotated[Stripe, Depends(_stripe)]
TwoPersonPayouts = Annotated[bool, Depends(_two_person_payouts)]
PayeesOf = Annotated[FindPayees, Depends(_payees_of)]
