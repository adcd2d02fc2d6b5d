"""News from providers: stored as it came, acknowledged at once, and turned into errands later.

An event is a reason to look, never a fact. So its order, its age and the version of its body do
not matter, and one that comes twice makes us look twice at most.
"""

from datetime import datetime, timedelta
from typing import Final

import orjson
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.kernel.crypto import Keyring, Sealed
from marketplace.kernel.db import Sessions, now
from marketplace.kernel.driver_pools import Writes
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.ids import new_id
from marketplace.payments.errands.service import ask
from marketplace.payments.funding.models import Provider
from marketplace.payments.inbox.models import ProviderEvent
from marketplace.payments.providers.stripe.webhooks import Envelope, Look, look_for

BATCH: Final = 100
KEPT: Final = timedelta(days=90)
"""Longer than Stripe repeats an event (3 days) or shows it (30 days)."""
IGNORED: Final = "ignored"

_STORE: Final = """
    INSERT INTO provider_event
        (id, created_at, provider, external_id, type, key_id, wrapped_key, ciphertext)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (provider, external_id) DO NOTHING
"""
_FORGET: Final = text(
    "DELETE FROM provider_event WHERE id IN (SELECT id FROM provider_event"
    " WHERE created_at < :before AND handled_at IS NOT NULL LIMIT 10000)"
)


async def store(
    writes: Writes, keyring: Keyring, envelope: Envelope, body: bytes, *, at: datetime
) -> None:
    """Keep an event, in one statement; one that is known already changes nothing."""
    external_id = envelope.external_id
    sealed = keyring.seal(body, context=_context(external_id))
    provider = str(Provider.STRIPE)
    names = (new_id(), at, provider, external_id, envelope.type)
    await writes.execute(_STORE, *names, sealed.key_id, sealed.wrapped_key, sealed.ciphertext)


def _context(external_id: str) -> str:
    return f"provider_event:{external_id}"


async def handle_events(sessions: Sessions, keyring: Keyring) -> int:
    """Turn new events into errands, at most `BATCH`; returns how many were handled."""
    async with sessions.begin() as session:
        query = (
            select(ProviderEvent)
            .where(col(ProviderEvent.handled_at).is_(None))
            .order_by(col(ProviderEvent.id))
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        found = (await session.execute(query)).scalars().all()
        looks = [(event, _look(keyring, event)) for event in found]
        for event, look in looks:
            event.handled_at, event.outcome = now(session), look[0] if look else IGNORED
        # In one order, so that two workers never wait for one another in a circle.
        for kind, target in sorted({look for _, look in looks if look}):
            await ask(session, kind, target)
        return len(found)


def _look(keyring: Keyring, event: ProviderEvent) -> Look | None:
    sealed = Sealed(event.key_id, event.wrapped_key, event.ciphertext)
    return look_for(orjson.loads(keyring.open(sealed, context=_context(event.external_id))))


async def replay(session: AsyncSession, external_id: str) -> None:
    """Have a stored event handled again.

    Raises:
        NotFoundError: it never came, or came too long ago to be kept.
    """
    statement = (
        update(ProviderEvent)
        .where(col(ProviderEvent.external_id) == external_id)
        .values(handled_at=None, outcome=None)
        .returning(col(ProviderEvent.id))
    )
    if (await session.execute(statement)).scalar_one_or_none() is None:
        raise NotFoundError(f"no event {external_id} is kept")


async def forget_old(session: AsyncSession) -> None:
    """Delete handled events older than `KEPT`, at most ten thousand a call."""
    await session.execute(_FORGET, {"before": now(session) - KEPT})
