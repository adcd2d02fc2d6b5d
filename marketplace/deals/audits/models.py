from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from marketplace.deals.audits.lifecycle import ROYALTY_AUDIT, AuditState
from marketplace.kernel.db import minor, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle


class RoyaltyAudit(Aggregate, table=True):
    """A licensor's claim, from an audit, that periods were reported wrongly."""

    __tablename__: ClassVar[str] = "royalty_audit"
    __table_args__ = (
        Index("royalty_audit_licence_index", "licence_id", "id"),
        Index(
            "royalty_audit_one_open",
            "licence_id",
            unique=True,
            postgresql_where=text("state IN ('claimed', 'answered')"),
        ),
        Index("royalty_audit_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("cost_minor >= 0", name="cost"),
    )
    lifecycle: ClassVar[Lifecycle[AuditState]] = ROYALTY_AUDIT

    licence_id: UUID = Field(foreign_key="licence.id")
    statement: str
    findings: list[dict[str, Any]] = Field(
        sa_type=JSONB, description="the right figures of each period, as a report has them"
    )
    cost_minor: int = minor()
    currency: str
    answer: str | None = None
    under_minor: int | None = minor(default=None)
    correct_minor: int | None = minor(default=None)
    licensee_bears_cost: bool | None = None
    state: AuditState = Field(default=AuditState.CLAIMED, sa_type=text_enum(AuditState))

    @property
    def subject(self) -> str:
        return f"royalty_audit:{self.id}"
