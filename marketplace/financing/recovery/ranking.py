"""Who else has a pledge of a right, in the order of receipt, and what each may claim."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.financing.errors import ProceedsOutstandingError

_PLEDGES: Final = text(
    """
    SELECT id, holder_organisation_id, secured_minor, currency FROM encumbrance
    WHERE right_id = :right_id AND kind = 'pledge' AND state = 'active'
    ORDER BY received_on, receipt_order
    """
)


@dataclass(frozen=True, slots=True)
class Ranked:
    """Another creditor's pledge; what it secures is what it may claim."""

    organisation_id: UUID
    secured_minor: int


@dataclass(frozen=True, slots=True)
class Ranks:
    """The pledges before one's own, and those after it."""

    before: Sequence[Ranked]
    after: Sequence[Ranked]


async def ranks_around(
    session: AsyncSession, right_id: UUID, own: UUID | None, currency: str
) -> Ranks:
    """The other pledges of a right around one's own encumbrance.

    Raises:
        ProceedsOutstandingError: a holder is not of this marketplace, or claims in another
            currency: then the operator settles it by hand before.
    """
    rows = (await session.execute(_PLEDGES, {"right_id": right_id})).all()
    place = next((place for place, row in enumerate(rows) if row.id == own), len(rows))
    others = [row for row in rows if row.id != own]
    if any(row.holder_organisation_id is None or row.currency != currency for row in others):
        raise ProceedsOutstandingError("another pledge of the right cannot be paid from here")
    found = [Ranked(row.holder_organisation_id, row.secured_minor) for row in others]
    return Ranks(found[:place], found[place:])
