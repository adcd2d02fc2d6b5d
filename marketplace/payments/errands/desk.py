from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import Sessions
from marketplace.payments.providers.stripe.capability import Stripe
from marketplace.payments.providers.stripe.client import StripeClient


@dataclass(frozen=True, slots=True)
class Desk:
    """What an errand works with: short transactions before and after a call, and the call."""

    sessions: Sessions
    stripe: StripeClient
    keyring: Keyring
    terms: Stripe
    return_url: str


Errand = Callable[[Desk, str], Awaitable[None]]
"""Done when it returns; anything that it raises has it done again later."""
