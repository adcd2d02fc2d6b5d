"""Values against prices: prices are told by the domain that sells."""

from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.db import fetch, now
from marketplace.kernel.ids import new_id
from marketplace.valuation.accuracy.models import RealisedPrice
from marketplace.valuation.accuracy.rules import Accuracy, Observation, assess

OBSERVATIONS_MAX: Final = 200_000
"""The newest; older valuations say little of an institution today."""

# A report on several rights has no price of one of them to be compared with. Of its versions the
# one counts that was newest when the right was sold; one that came after the price knew it.
_PAIRS: Final = text(
    """
    SELECT r.institution_id, r.point_minor, r.low_minor, r.high_minor, p.price_minor
    FROM realised_price p
    JOIN valuation_order_right v ON v.right_id = p.right_id
    JOIN valuation_order o ON o.id = v.order_id AND o.state IN ('delivered', 'completed')
    JOIN LATERAL (
        SELECT DISTINCT ON (r.assignment_id) r.* FROM valuation_report r
        WHERE r.order_id = o.id AND r.report_date <= p.sold_on
        ORDER BY r.assignment_id, r.version DESC
    ) r ON true
    WHERE r.currency = p.currency AND r.valid_until >= p.sold_on AND r.point_minor > 0
      AND (SELECT count(*) FROM valuation_order_right x WHERE x.order_id = o.id) = 1
    ORDER BY p.sold_on DESC, p.id, r.id LIMIT :limit
    """
)


async def note_price(
    session: AsyncSession,
    right_id: UUID,
    *,
    price_minor: int,
    currency: str,
    sold_on: date,
    basis: str,
) -> None:
    """Keep what a right was sold for; told again of the same sale, nothing happens."""
    row = insert(RealisedPrice).values(
        id=new_id(),
        created_at=now(session),
        right_id=right_id,
        price_minor=price_minor,
        currency=currency,
        sold_on=sold_on,
        basis=basis,
    )
    await session.execute(row.on_conflict_do_nothing(index_elements=["basis"]))


async def accuracies(session: AsyncSession) -> list[Accuracy]:
    """How each institution's values compare with prices realised while its reports were valid."""
    rows = await fetch(session, _PAIRS, limit=OBSERVATIONS_MAX)
    return assess(
        [
            Observation(
                institution=str(row.institution_id),
                value=row.point_minor,
                low=row.low_minor,
                high=row.high_minor,
                price=row.price_minor,
            )
            for row in rows
        ]
    )
