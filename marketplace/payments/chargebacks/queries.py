"""What chargebacks say about a subject: undecided, or lost with money that the payer keeps."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.db import fetch

UNDECIDED: Final = "c.state IN ('open', 'contested')"
STANDING: Final = f"({UNDECIDED} OR c.state = 'lost' AND c.taken_minor > 0)"
"""Of chargeback `c`: what it took may not come back."""
_STANDING: Final = text(
    f"""
    SELECT coalesce(bool_or({UNDECIDED}), false) AS undecided,
        coalesce(sum(c.taken_minor) FILTER (WHERE c.state = 'lost'), 0)::bigint AS lost_minor
    FROM chargeback c WHERE c.subject = ANY (CAST(:subjects AS text[]))
    """  # noqa: S608 - our own text
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of chargebacks: whether one is undecided, and what payers keep of lost ones."""

    undecided: bool
    lost_minor: int

    def __bool__(self) -> bool:
        return self.undecided or self.lost_minor > 0


async def standing_of(session: AsyncSession, subjects: Sequence[str]) -> Standing:
    """How chargebacks of payments for some subjects, all in one currency, stand now."""
    (row,) = await fetch(session, _STANDING, subjects=list(subjects))
    return Standing(row.undecided, row.lost_minor)
