"""Stripe counts a few currencies otherwise than ISO 4217 does."""

from typing import Final

from marketplace.kernel.errors import UnprocessableError
from marketplace.kernel.money import minor_digits

CENTS_WITHOUT_MEANING: Final = frozenset({"ISK", "UGX"})
"""ISO gives them no decimals; Stripe kept two, which are always 00."""
LAST_DIGIT_ZERO: Final = 3
"""Of a currency with three decimals Stripe takes amounts whose last digit is 0."""
DIGITS_MAX: Final = 8


class AmountNotRepresentableError(UnprocessableError):
    code = "amount_not_representable"
    title = "The provider cannot carry this amount to the last digit"


def step_minor(currency: str) -> int:
    """What every amount that Stripe carries is a multiple of, in minor units by ISO 4217."""
    return 10 if minor_digits(currency) == LAST_DIGIT_ZERO else 1


def to_stripe(amount_minor: int, currency: str) -> int:
    """Minor units by ISO 4217 as the integer that Stripe means by them.

    Raises:
        AmountNotRepresentableError: three decimals, the last one not zero.
    """
    if currency in CENTS_WITHOUT_MEANING:
        return amount_minor * 100
    if amount_minor % step_minor(currency):
        raise AmountNotRepresentableError(f"the last digit of an amount in {currency} must be 0")
    return amount_minor


def from_stripe(amount: int, currency: str) -> int:
    """Stripe's integer as minor units by ISO 4217.

    Raises:
        AmountNotRepresentableError: cents of a currency that has none.
    """
    if currency not in CENTS_WITHOUT_MEANING:
        return amount
    if amount % 100:
        raise AmountNotRepresentableError(f"{currency} has no cents, and Stripe sent some")
    return amount // 100


def amount_minor_max(currency: str) -> int:
    """The largest amount of one payment, in minor units by ISO 4217: eight digits at Stripe."""
    return from_stripe_whole(10**DIGITS_MAX - 1, currency)


def from_stripe_whole(amount: int, currency: str) -> int:
    return amount // 100 if currency in CENTS_WITHOUT_MEANING else amount
