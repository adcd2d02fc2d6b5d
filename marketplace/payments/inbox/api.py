from typing import Any, Final

from fastapi import Request
from sqlmodel import col, select
from starlette.datastructures import Headers

from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.kernel.db import clock_of
from marketplace.kernel.pagination import Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.payments.access import Operator
from marketplace.payments.inbox import service
from marketplace.payments.inbox.models import ProviderEvent
from marketplace.payments.inbox.schemas import EventReceived, ProviderEventRead
from marketplace.payments.providers.stripe.errors import (
    InvalidSignatureError,
    MalformedEventError,
    StripeOffError,
)
from marketplace.payments.providers.stripe.webhooks import verify

router = transactional_router(prefix="/v1", tags=["providers"])

RECEIVED: Final = EventReceived().model_dump_json().encode()
SIGNATURE: Final = {
    "name": "Stripe-Signature",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "title": "Stripe-Signature"},
}
EVENT_BYTES_MAX: Final = 256 * 1024
MEDIA_TYPE: Final = "application/json; charset=utf-8"
"""As Stripe writes it."""


@router.post(
    "/webhooks/stripe",
    max_body_size=EVENT_BYTES_MAX,
    responses=problems(InvalidSignatureError, MalformedEventError, StripeOffError),
    openapi_extra={
        "parameters": [SIGNATURE],
        "requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": {"type": "object"}}}},
    },
)
async def receive_stripe_event(http: Request) -> EventReceived:
    """Stripe's news, signed by Stripe. It is stored and acknowledged at once, and handled later."""
    await quick_receive(http.app.state, http.headers, await http.body())
    return EventReceived()


async def quick_receive(state: Any, headers: Headers, body: bytes) -> bytes:
    """Store an event without anything that the framework does for it.

    Raises:
        StripeOffError, InvalidSignatureError, MalformedEventError: nothing was stored.
    """
    secrets = state.settings.webhook_secrets()
    if not secrets:
        raise StripeOffError
    at = clock_of(state.sessions).now()
    envelope = verify(body, headers.get("stripe-signature"), secrets, at=at)
    await service.store(state.writes, state.keyring, envelope, body, at=at)
    return RECEIVED


@router.get(
    "/provider-events",
    response_model=list[ProviderEventRead],
    responses=problems(InvalidTokenError, PermissionMissingError),
)
async def provider_events(actor: Operator, session: Session, limit: Limit = 20) -> object:
    """Operator: the newest events that came from Stripe, and what they led to."""
    query = select(ProviderEvent).order_by(col(ProviderEvent.id).desc()).limit(limit)
    return (await session.execute(query)).scalars().all()
