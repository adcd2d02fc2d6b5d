from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from marketplace.deals.co_developments.lifecycle import CO_DEVELOPMENT, CoDevelopmentState
from marketplace.kernel.db import minor, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle


class CoDevelopment(Aggregate, table=True):
    """An awarded idea that its organiser and its authors develop together, by exact shares."""

    __tablename__: ClassVar[str] = "co_development"
    __table_args__ = (
        UniqueConstraint("award_id", name="co_development_award_unique"),
        Index("co_development_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("price_minor > 0", name="price_positive"),
        CheckConstraint(
            "share_numerator > 0 AND share_numerator < share_denominator", name="share_range"
        ),
    )
    lifecycle: ClassVar[Lifecycle[CoDevelopmentState]] = CO_DEVELOPMENT

    award_id: UUID = Field(foreign_key="award.id")
    right_id: UUID = Field(foreign_key="ip_right.id")
    organiser_organisation_id: UUID = Field(foreign_key="organisation.id")
    share_numerator: int
    share_denominator: int
    team: list[dict[str, Any]] = Field(sa_type=JSONB)
    """The authors and their exact shares of the idea, who also share the price so."""
    price_minor: int = minor()
    currency: str
    state: CoDevelopmentState = Field(
        default=CoDevelopmentState.PROPOSED, sa_type=text_enum(CoDevelopmentState)
    )

    @property
    def subject(self) -> str:
        return f"co_development:{self.id}"

    @property
    def parties(self) -> set[UUID]:
        return {
            self.organiser_organisation_id,
            *(UUID(one["organisation_id"]) for one in self.team),
        }
