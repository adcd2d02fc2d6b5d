from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from marketplace.financing.covenants.lifecycle import COVENANT_BREACH, BreachState
from marketplace.kernel.db import text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle


class BreachKind(StrEnum):
    RIGHT_LOST = "right_lost"
    LIFE_SHORTENED = "life_shortened"
    ATTACHED = "attached"
    CHALLENGED = "challenged"
    ANNUITY_UNPAID = "annuity_unpaid"
    PLEDGE_DELETED = "pledge_deleted"
    LOAN_TO_VALUE = "loan_to_value"


class CovenantBreach(Aggregate, table=True):
    """A covenant that is not kept, since it was noticed; mended by its day, or it lets one call."""

    __tablename__: ClassVar[str] = "covenant_breach"
    __table_args__ = (
        Index(
            "covenant_breach_one_live",
            "loan_id",
            "kind",
            "right_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("state IN ('open', 'ripe')"),
        ),
        Index("covenant_breach_loan_index", "loan_id", "id"),
        Index("covenant_breach_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("(kind = 'loan_to_value') = (right_id IS NULL)", name="of_a_right"),
    )
    lifecycle: ClassVar[Lifecycle[BreachState]] = COVENANT_BREACH

    loan_id: UUID = Field(foreign_key="loan.id")
    kind: BreachKind = Field(sa_type=text_enum(BreachKind))
    right_id: UUID | None = Field(default=None, foreign_key="ip_right.id")
    ltv_basis_points: int | None = None
    state: BreachState = Field(default=BreachState.OPEN, sa_type=text_enum(BreachState))
