"""Warning of what threatens a right whoever would lose by it, and early of annuities (DOMAIN G53).

An alert is a row first and letters after it, so that nobody is told twice or never.
"""

from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.assets.alerts.message import message
from marketplace.assets.alerts.models import ENDINGS, AlertReason, RightAlert
from marketplace.assets.alerts.queries import addresses_of
from marketplace.assets.models import Right
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import Sessions, now
from marketplace.kernel.events import Fact
from marketplace.kernel.ids import new_id
from marketplace.kernel.mail.service import send_later

NOTICE: Final = timedelta(days=60)
BATCH: Final = 100
FEES: Final = 10_000

_NOTE_FEES: Final = text(
    """
    INSERT INTO right_alert (id, created_at, right_id, reason, since)
    SELECT uuidv7(), :now, r.id, 'fee_due', r.fees_paid_until FROM ip_right r
    WHERE r.legal_status = 'in_force' AND r.fees_paid_until <= :day
        AND (r.last_day IS NULL OR r.fees_paid_until < r.last_day)
        AND NOT EXISTS (SELECT FROM right_alert a WHERE a.right_id = r.id
            AND a.reason = 'fee_due' AND a.since = r.fees_paid_until)
    LIMIT :batch
    ON CONFLICT DO NOTHING
    """
)


async def note_fees(sessions: Sessions) -> int:
    """Note the annuities that fall due within `NOTICE`; returns how many there were."""
    async with sessions.begin() as session:
        moment = now(session)
        asked = {"now": moment, "day": (moment + NOTICE).date(), "batch": FEES}
        return int((await session.execute(_NOTE_FEES, asked)).rowcount)  # type: ignore[attr-defined]


async def on_standing(session: AsyncSession, fact: Fact) -> None:
    """A right's standing changed: note what threatens it from now on."""
    right_id = UUID(fact.subject.removeprefix("right:"))
    for reason, since in _threats(fact):
        row = {"id": new_id(), "created_at": now(session), "right_id": right_id}
        found = insert(RightAlert).values(**row, reason=reason, since=since)
        await session.execute(found.on_conflict_do_nothing())


def _threats(fact: Fact) -> list[tuple[AlertReason, date]]:
    before, after = fact.data["from"], fact.data["to"]
    found = []
    if after["status"] in ENDINGS and after["status"] != before["status"]:
        found.append((AlertReason(after["status"]), fact.recorded_at.date()))
    for name, reason in _SINCE.items():
        if after[name] and after[name] != before[name]:
            found.append((reason, _day(after[name])))
    return found


_SINCE: Final = {
    "restrained_since": AlertReason.ATTACHED,
    "challenged_since": AlertReason.CHALLENGED,
}


def _day(told: Any) -> date:
    return date.fromisoformat(str(told))


async def tell(sessions: Sessions, keyring: Keyring) -> int:
    """Write the letters of what was noted; returns how many alerts there were."""
    for count in range(BATCH):
        async with sessions.begin() as session:
            alert = await _next(session)
            if alert is None:
                return count
            alert.told_at = now(session)
            right = await session.get_one(Right, alert.right_id)
            for address in await addresses_of(session, right.id):
                await send_later(session, keyring, message(address, alert, right))
    return BATCH


async def _next(session: AsyncSession) -> RightAlert | None:
    query = (
        select(RightAlert)
        .where(col(RightAlert.told_at).is_(None))
        .order_by(col(RightAlert.id))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return (await session.execute(query)).scalar_one_or_none()
