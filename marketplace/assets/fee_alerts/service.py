"""Warning of annuities before they are missed (DOMAIN G53). Only a recorded payment ends it."""

from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.assets.fee_alerts.message import fee_message
from marketplace.assets.fee_alerts.queries import addresses_of, due_by
from marketplace.assets.models import Right
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import Sessions, now
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import CLOCK
from marketplace.kernel.mail.service import send_later

NOTICE: Final = timedelta(days=60)
BATCH: Final = 100


async def alert(sessions: Sessions, keyring: Keyring) -> int:
    """Write once for each annuity that falls due within `NOTICE`; returns how many there were."""
    for count in range(BATCH):
        async with sessions.begin() as session:
            right = await _next(session)
            if right is None:
                return count
            await _tell(session, right, keyring)
    return BATCH


async def _next(session: AsyncSession) -> Right | None:
    query = (
        select(Right)
        .where(due_by((now(session) + NOTICE).date()))
        .where(col(Right.fees_alerted_for).is_distinct_from(col(Right.fees_paid_until)))
        .order_by(col(Right.fees_paid_until))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def _tell(session: AsyncSession, right: Right, keyring: Keyring) -> None:
    assert right.fees_paid_until is not None
    right.fees_alerted_for = until = right.fees_paid_until
    data = {"paid_until": until.isoformat()}
    publish(session, "right.fee_due", subject=f"right:{right.id}", actor=CLOCK, data=data)
    for address in await addresses_of(session, right.id):
        message = fee_message(address, right_id=right.id, title=right.title, until=until)
        await send_later(session, keyring, message)
