"""Facts that statistics count, written as deals write them, at any moment one likes."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from marketplace.kernel.db import Sessions
from marketplace.kernel.events import Event
from marketplace.statistics.folding import COUNTED


@dataclass(frozen=True)
class Fact:
    """A deal that was released, or what undid it."""

    at: datetime
    amount_minor: int
    right_kind: str = "patent"
    currency: str = "KRW"
    type: str = "deal.release"

    @property
    def deals(self) -> int:
        return COUNTED[self.type][0]

    @property
    def signed_minor(self) -> int:
        return COUNTED[self.type][1] * self.amount_minor

    def event(self) -> Event:
        return Event(
            type=self.type,
            subject=f"deal:{uuid4()}",
            actor="operator",
            recorded_at=self.at,
            data={
                "right_kind": self.right_kind,
                "deal_type": "sale",
                "currency": self.currency,
                "amount_minor": self.amount_minor,
            },
        )


def fact(moment: str, amount_minor: int, **about: Any) -> Fact:
    """A fact at a moment of UTC, as `2026-12-31T15:30`."""
    return Fact(datetime.fromisoformat(moment).replace(tzinfo=UTC), amount_minor, **about)


async def record(sessions: Sessions, *facts: Fact) -> None:
    async with sessions.begin() as session:
        session.add_all(each.event() for each in facts)
