"""Stripe from the settings: what the platform may do with it, and the desk of its errands."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from marketplace.kernel.crypto import load_keyring
from marketplace.kernel.db import Sessions
from marketplace.payments.errands.desk import Desk
from marketplace.payments.providers.stripe.capability import Stripe
from marketplace.payments.providers.stripe.client import StripeClient
from marketplace.payments.providers.stripe.errors import StripeOffError
from marketplace.settings import Settings


def stripe_terms(settings: Settings) -> Stripe:
    return Stripe(
        enabled=settings.stripe_api_key is not None,
        country=settings.stripe_country,
        currencies=settings.currencies_of_stripe(),
    )


@asynccontextmanager
async def stripe_client(settings: Settings) -> AsyncIterator[StripeClient]:
    """Raises StripeOffError when there is no key."""
    if settings.stripe_api_key is None:
        raise StripeOffError("set MARKETPLACE_STRIPE_API_KEY")
    client = StripeClient(settings.stripe_api_key, base=settings.stripe_api_base)
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def open_desk(settings: Settings, sessions: Sessions) -> AsyncIterator[Desk]:
    """What errands work with. Raises StripeOffError when there is no key."""
    async with stripe_client(settings) as client:
        yield Desk(
            sessions=sessions,
            stripe=client,
            keyring=load_keyring(settings.keys_path, settings.key_service()),
            terms=stripe_terms(settings),
            return_url=settings.stripe_return_url,
        )
