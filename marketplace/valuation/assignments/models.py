from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from marketplace.kernel.db import Record, minor, moment, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle
from marketplace.valuation.assignments.lifecycle import (
    FILLED,
    LIVE,
    VALUATION_ASSIGNMENT,
    AssignmentState,
)


def _in(states: frozenset[AssignmentState]) -> str:
    return f"state IN ({', '.join(repr(state.value) for state in sorted(states))})"


IS_LIVE: Final = _in(LIVE)
IS_FILLED: Final = _in(FILLED)


class ValuationDecision(Record, table=True):
    """How an institution was drawn for a place of an order, with all that it was drawn from.

    It is never changed: with the seed, the case and the candidates the same rules find the same.
    """

    __tablename__: ClassVar[str] = "valuation_decision"
    __table_args__ = (
        Index("valuation_decision_order_index", "order_id", "id"),
        CheckConstraint("seed >= 0", name="seed"),
    )

    order_id: UUID = Field(foreign_key="valuation_order.id")
    slot: int
    policy_id: UUID = Field(foreign_key="assignment_policy.id")
    seed: int = Field(sa_type=BigInteger)
    facts: dict[str, Any] = Field(sa_type=JSONB)
    candidates: list[Any] = Field(sa_type=JSONB)
    judgements: list[Any] = Field(sa_type=JSONB)
    institution_id: UUID | None = Field(default=None, foreign_key="organisation.id")


class ValuationAssignment(Aggregate, table=True):
    """One institution asked to fill one place of an order.

    A trigger refuses what would be above the institution's capacity, or of a group of the case.
    """

    __tablename__: ClassVar[str] = "valuation_assignment"
    __table_args__ = (
        UniqueConstraint("order_id", "institution_id", name="valuation_assignment_once_unique"),
        Index(
            "valuation_assignment_one_filled",
            "order_id",
            "slot",
            unique=True,
            postgresql_where=text(IS_FILLED),
        ),
        Index(
            "valuation_assignment_live_index",
            "institution_id",
            postgresql_where=text(IS_LIVE),
        ),
        Index("valuation_assignment_institution_index", "institution_id", "id"),
        Index(
            "valuation_assignment_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")
        ),
        CheckConstraint("fee_minor > 0 AND paused_seconds >= 0", name="amounts"),
    )
    lifecycle: ClassVar[Lifecycle[AssignmentState]] = VALUATION_ASSIGNMENT

    order_id: UUID = Field(foreign_key="valuation_order.id")
    slot: int
    institution_id: UUID = Field(foreign_key="organisation.id")
    decision_id: UUID = Field(foreign_key="valuation_decision.id")
    fee_minor: int = minor()
    currency: str
    work_due_at: datetime | None = moment(nullable=True)
    paused_at: datetime | None = moment(nullable=True)
    paused_seconds: int = Field(default=0)
    reason: str | None = None
    state: AssignmentState = Field(
        default=AssignmentState.OFFERED, sa_type=text_enum(AssignmentState)
    )

    @property
    def subject(self) -> str:
        """How the ledger and the event log name this assignment."""
        return f"valuation_assignment:{self.id}"
