from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.assets.legal_rules.models import LegalRule, Topic
from marketplace.assets.legal_rules.terms import Fees, Invalidation, Term
from marketplace.assets.models import Right
from marketplace.kernel.schemas import Input

T = TypeVar("T", bound=Input)


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one jurisdiction for one kind of right, of all topics and times."""

    rows: Sequence[LegalRule] = ()

    def row(self, topic: Topic, on: date) -> LegalRule | None:
        """The row of a topic that was in force on a day."""
        for row in self.rows:
            begun = row.topic == topic and row.valid_from <= on
            if begun and (row.valid_until is None or on < row.valid_until):
                return row
        return None

    def at(self, topic: Topic, terms: type[T], on: date | None) -> T | None:
        """What a topic's row of a day says; None without such a row, or without a day."""
        row = self.row(topic, on) if on else None
        return terms.model_validate(row.terms) if row else None

    def term(self, on: date | None) -> Term | None:
        return self.at(Topic.TERM, Term, on)

    def fees(self, on: date | None) -> Fees | None:
        return self.at(Topic.FEES, Fees, on)

    @property
    def zone(self) -> ZoneInfo:
        """Where the office's days begin; UTC where no rule tells."""
        rows = [row for row in self.rows if row.topic == Topic.TERM]
        return ZoneInfo(Term.model_validate(rows[-1].terms).time_zone if rows else "UTC")

    def invalidation(self, on: date | None) -> Invalidation | None:
        return self.at(Topic.INVALIDATION, Invalidation, on)


async def rules_for(session: AsyncSession, right: Right) -> Rules:
    """Every rule of a right's jurisdiction and kind; none for an idea, which has no office."""
    query = select(LegalRule).where(
        col(LegalRule.jurisdiction) == right.office, col(LegalRule.right_kind) == right.kind
    )
    return Rules((await session.execute(query)).scalars().all() if right.office else ())


async def rules_of(session: AsyncSession, jurisdiction: str | None) -> Sequence[LegalRule]:
    """The rows, of one jurisdiction or of all, newest first within their topic."""
    query = select(LegalRule).order_by(
        col(LegalRule.jurisdiction),
        col(LegalRule.right_kind),
        col(LegalRule.topic),
        col(LegalRule.valid_from).desc(),
    )
    if jurisdiction is not None:
        query = query.where(col(LegalRule.jurisdiction) == jurisdiction)
    return (await session.execute(query.limit(1_000))).scalars().all()
