"""Until when royalties accrue: not after the last licensed right in a territory has ceased."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.assets.rules import TRADABLE
from marketplace.deals.licences.models import Licence
from marketplace.kernel.db import fetch
from marketplace.listings.licensing.coverage import covers

_RIGHTS: Final = text(
    """
    SELECT r.id, r.office, r.classifications, r.legal_status, (
        SELECT max(e.occurred_on) FROM legal_event e
        WHERE e.right_id = r.id AND e.kind IN ('lapsed', 'invalidated', 'expired')) AS ceased_on
    FROM licence_right l JOIN ip_right r ON r.id = l.right_id
    WHERE l.licence_id = :licence_id ORDER BY l.position
    """
)


@dataclass(frozen=True, slots=True)
class Licensed:
    """A licensed right, and since when it is out of force; None while it is not."""

    id: UUID
    office: str | None
    ceased_on: date | None


async def licensed_rights(session: AsyncSession, licence_id: UUID) -> list[Licensed]:
    """The rights of a licence as their registers are now."""
    rows = await fetch(session, _RIGHTS, licence_id=licence_id)
    return [
        Licensed(row.id, row.office, None if row.legal_status in TRADABLE else row.ceased_on)
        for row in rows
    ]


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
