from typing import Annotated, Final

from fastapi import Header, Request
from sqlmodel import col, select

from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.kernel.db import now
from marketplace.kernel.pagination import Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import HotWrites, Session, transactional_router
from marketplace.payments.access import Keys, Operator, WebhookSecrets
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

EVENT_BYTES_MAX: Final = 256 * 1024
MEDIA_TYPE: Final = "application/json; charset=utf-8"
"""As Stripe writes it."""


@router.post(
    "/webhooks/stripe",
    max_body_size=EVENT_BYTES_MAX,
    responses=problems(InvalidSignatureError, MalformedEventError, StripeOffError),
    openapi_extra={
        "requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": {"type": "object"}}}}
    },
)
async def receive_stripe_event(
    http: Request,
    session: Session,
    writes: HotWrites,
    keys: Keys,
    secrets: WebhookSecrets,
    stripe_signature: Annotated[str | None, Header(max_length=2_000)] = None,
) -> EventReceived:
    """Stripe's news, signed by Stripe. It is stored and acknowledged at once, and handled later."""
    if not secrets:
        raise StripeOffError
    body = await http.body()
    envelope = verify(body, stripe_signature, secrets)
    await service.store(writes, keys, envelope, body, at=now(session))
    return EventReceived()


@router.get(
    "/provider-events",
    response_model=list[ProviderEventRead],
    responses=problems(InvalidTokenError, PermissionMissingError),
)
async def provider_events(actor: Operator, session: Session, limit: Limit = 20) -> object:
    """Operator: the newest events that came from Stripe, and what they led to."""
    query = select(ProviderEvent).order_by(col(ProviderEvent.id).desc()).limit(limit)
    return (await session.execute(query)).scalars().all()
