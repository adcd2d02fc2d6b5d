"""Who may use the routes of payments."""

from typing import Annotated

from fastapi import Depends, Request

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.permissions import Permission
from marketplace.payments.providers.bank.bank_account import BankAccount
from marketplace.settings import Settings

Operator = Annotated[Actor, Depends(Allowed(Permission.OPERATE_PAYMENTS))]
Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
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


def _platform_account(request: Request) -> BankAccount:
    account: BankAccount = request.app.state.platform_account
    return account


PlatformAccount = Annotated[BankAccount, Depends(_platform_account)]
