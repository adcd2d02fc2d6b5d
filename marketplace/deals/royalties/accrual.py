"""Until when royalties accrue: not after the last licensed right in a territory has ceased."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.assets.models import LegalStatus
from marketplace.deals.licences.models import Licence
from marketplace.kernel.db import fetch
from marketplace.listings.licensing.coverage import covers

_RIGHTS: Final = text(
    """
    SELECT r.id, r.office, CASE r.legal_status
            WHEN 'expired' THEN coalesce(r.last_day + 1, e.ceased_on)
            WHEN 'lapsed' THEN least(r.fees_paid_until + 1, e.ceased_on)
            ELSE e.ceased_on
        END AS ceased_on
    FROM licence_right l
    JOIN ip_right r ON r.id = l.right_id
    CROSS JOIN LATERAL (
        SELECT max(CASE e.kind WHEN 'invalidated' THEN e.occurred_on
            ELSE coalesce(e.effective_on, e.occurred_on) END) AS ceased_on
        FROM legal_event e
        WHERE e.right_id = r.id AND e.kind = r.legal_status AND e.claims IS NULL
            AND r.legal_status = ANY (:ceased)
            AND NOT EXISTS (SELECT FROM retraction t WHERE t.legal_event_id = e.id)
    ) e
    WHERE l.licence_id = :licence_id ORDER BY l.position
    """
)
"""A lapse counts from the end of the paid years. An invalidation, though it says that the right
never was, takes nothing from what was performed before it (CN Patent Law 47)."""
_CEASED: Final = [
    *(LegalStatus.LAPSED, LegalStatus.REFUSED, LegalStatus.WITHDRAWN),
    *(LegalStatus.SURRENDERED, LegalStatus.INVALIDATED, LegalStatus.EXPIRED),
]


@dataclass(frozen=True, slots=True)
class Licensed:
    """A licensed right, and since when it is out of force; None while it is not."""

    id: UUID
    office: str | None
    ceased_on: date | None


async def licensed_rights(session: AsyncSession, licence_id: UUID) -> list[Licensed]:
    """The rights of a licence as their registers are now."""
    rows = await fetch(session, _RIGHTS, licence_id=licence_id, ceased=_CEASED)
    return [Licensed(row.id, row.office, row.ceased_on) for row in rows]


def accrues_until(rights: Sequence[Licensed], territory: str | None = None) -> date | None:
    """The day on which the last right that holds in a territory ceased; None while one holds.

    Without a territory, the last of all of them.
    """
    held = [r.ceased_on for r in rights if territory is None or covers(r.office, territory)]
    ended = [day for day in held if day is not None]
    return max(ended) if ended and len(ended) == len(held) else None


async def ceased_from(session: AsyncSession, licence: Licence) -> date | None:
    """The day from which nothing accrues under a licence any more; None while something does."""
    return accrues_until(await licensed_rights(session, licence.id))
