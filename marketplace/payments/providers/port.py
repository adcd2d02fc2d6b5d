"""What every provider answers before money moves: whether it can take a payment, and why not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from marketplace.payments.funding.models import Provider
from marketplace.payments.providers.bank.bank_account import BankAccount


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A payment that somebody thinks of making.

    Attributes:
        amount_minor: what is to be paid, in minor units of `currency`.
        payee_countries: where those are who will be paid from it, ISO 3166-1 alpha-2.
        transfer_countries: where the provider pays out to, on this day.
        hold_days: how long the provider lets money be held, on this day; None is without limit.
    """

    amount_minor: int
    currency: str
    payee_countries: frozenset[str]
    transfer_countries: frozenset[str]
    hold_days: int | None


@dataclass(frozen=True, slots=True)
class Option:
    """One way to pay: possible when no reason speaks against it."""

    provider: Provider
    reasons: tuple[str, ...]
    note: str
    hold_days: int | None

    @property
    def possible(self) -> bool:
        return not self.reasons


class PaymentProvider(Protocol):
    """A way to be paid. Its calls are errands, since none is made inside a transaction."""

    @property
    def name(self) -> Provider: ...

    @property
    def country(self) -> str:
        """Where the platform has its account with the provider."""
        ...

    def option(self, inquiry: Inquiry) -> Option: ...


@dataclass(frozen=True, slots=True)
class WaysToPay:
    """Into the platform's account by bank transfer, and through providers."""

    account: BankAccount
    providers: Sequence[PaymentProvider]
