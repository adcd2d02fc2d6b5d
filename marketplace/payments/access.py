"""Who may use the routes of payments."""

from typing import Annotated

from fastapi import Depends, Request

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.permissions import Permission
from marketplace.payments.providers.bank.bank_account import BankAccount

Operator = Annotated[Actor, Depends(Allowed(Permission.OPERATE_PAYMENTS))]
Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
AccountManager = Annotated[Actor, Depends(Allowed(Permission.MANAGE_BANK_ACCOUNT))]


def _platform_account(request: Request) -> BankAccount:
    account: BankAccount = request.app.state.platform_account
    return account


PlatformAccount = Annotated[BankAccount, Depends(_platform_account)]
