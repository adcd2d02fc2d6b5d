"""What Stripe can do for a payment.

See https://docs.stripe.com/currencies and https://docs.stripe.com/connect/cross-border-payouts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from marketplace.kernel.money import major_text
from marketplace.payments.funding.models import Provider
from marketplace.payments.providers.port import Inquiry, Option
from marketplace.payments.providers.stripe.amounts import amount_minor_max, step_minor

AMOUNT_MINOR_MIN: Final = {
    "AED": 200, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500, "DKK": 250,
    "EUR": 50, "GBP": 30, "HKD": 400, "HUF": 17500, "INR": 50, "JPY": 50, "MXN": 1000, "MYR": 200,
    "NOK": 300, "NZD": 50, "PLN": 200, "RON": 200, "SEK": 300, "SGD": 50, "THB": 1000, "USD": 50,
}  # fmt: skip
"""The smallest charge by currency, in minor units; where none is published, one unit."""


@dataclass(frozen=True, slots=True)
class Stripe:
    """Cards and bank debits; the platform's account is in `country` and settles `currencies`."""

    enabled: bool
    country: str
    currencies: frozenset[str]
    name: Provider = Provider.STRIPE

    def option(self, inquiry: Inquiry) -> Option:
        note = (
            f"Pay by card or bank debit. The money is held on the platform's Stripe balance, for at"
            f" most {inquiry.hold_days} days: held funds, not escrow."
        )
        return Option(self.name, tuple(self._reasons(inquiry)), note, inquiry.hold_days)

    def _reasons(self, inquiry: Inquiry) -> Iterator[str]:
        """Why not, in words that say what would help."""
        if not self.enabled:
            yield "Stripe is not set up on this platform; pay by bank transfer"
            return
        currency, amount_minor = inquiry.currency, inquiry.amount_minor
        if currency not in self.currencies:
            yield f"the platform keeps no Stripe balance in {currency}, and nothing is converted"
        yield from _amount_reasons(amount_minor, currency)
        for country in sorted(inquiry.payee_countries - inquiry.transfer_countries):
            yield f"Stripe does not pay out to {country}, where a payee of this deal is"


def _amount_reasons(amount_minor: int, currency: str) -> Iterator[str]:
    if amount_minor > (most := amount_minor_max(currency)):
        yield f"Stripe takes at most {major_text(most, currency)} {currency} in one payment"
    if amount_minor < (least := AMOUNT_MINOR_MIN.get(currency, 1)):
        yield f"Stripe takes at least {major_text(least, currency)} {currency}"
    if amount_minor % step_minor(currency):
        yield f"Stripe takes amounts in {currency} whose last decimal is 0"
