from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from marketplace.deals.parts.lifecycle import DEAL_PART, PartState
from marketplace.kernel.db import minor, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle


class DealPart(Aggregate, table=True):
    """One part of a deal's price: due some days after the signature, or on a milestone.

    A deferred trigger refuses a transaction after which the parts of a deal are not its price.
    """

    __tablename__: ClassVar[str] = "deal_part"
    __table_args__ = (
        UniqueConstraint("deal_id", "number", name="deal_part_number_unique"),
        Index("deal_part_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("amount_minor > 0 AND vat_minor >= 0", name="amount_positive"),
        CheckConstraint("(after_days IS NULL) <> (milestone IS NULL)", name="due_once"),
        CheckConstraint(
            "released_minor >= 0 AND refunded_minor >= 0"
            " AND released_minor + refunded_minor <= amount_minor",
            name="distribution",
        ),
    )
    lifecycle: ClassVar[Lifecycle[PartState]] = DEAL_PART

    deal_id: UUID = Field(foreign_key="deal.id")
    number: int
    amount_minor: int = minor()
    vat_minor: int = minor(default=0)
    currency: str
    after_days: int | None = None
    milestone: str | None = None
    before_transfer: bool
    released_minor: int = minor(default=0)
    refunded_minor: int = minor(default=0)
    state: PartState = Field(default=PartState.PLANNED, sa_type=text_enum(PartState))

    @property
    def subject(self) -> str:
        """How lower layers and the event log name this part."""
        return f"deal_part:{self.id}"
