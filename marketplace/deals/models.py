from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from marketplace.assets.models import RightKind
from marketplace.deals.lifecycle import DEAL, DealState
from marketplace.kernel.db import minor, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle


class DealType(StrEnum):
    SALE = "sale"


class Deal(Aggregate, table=True):
    """An accepted offer with its terms frozen: price, parties, right and commission."""

    __tablename__: ClassVar[str] = "deal"
    __table_args__ = (
        UniqueConstraint("negotiation_id", name="deal_negotiation_unique"),
        Index("deal_buyer_index", "buyer_organisation_id", "id"),
        Index("deal_seller_index", "seller_organisation_id", "id"),
        Index("deal_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("price_minor > 0", name="price_positive"),
        CheckConstraint("buyer_organisation_id <> seller_organisation_id", name="two_parties"),
        CheckConstraint(
            "released_minor >= 0 AND refunded_minor >= 0"
            " AND released_minor + refunded_minor <= price_minor",
            name="distribution",
        ),
    )
    lifecycle: ClassVar[Lifecycle[DealState]] = DEAL

    negotiation_id: UUID = Field(foreign_key="negotiation.id")
    listing_id: UUID = Field(foreign_key="listing.id")
    right_id: UUID = Field(foreign_key="ip_right.id")
    right_kind: RightKind = Field(sa_type=text_enum(RightKind))
    type: DealType = Field(default=DealType.SALE, sa_type=text_enum(DealType))
    buyer_organisation_id: UUID = Field(foreign_key="organisation.id")
    seller_organisation_id: UUID = Field(foreign_key="organisation.id")
    price_minor: int = minor()
    currency: str
    fee_policy_id: UUID = Field(foreign_key="fee_policy.id")
    commission_basis_points: int
    additional_terms: str | None = None
    recordal_waived_by_seller: bool = False
    recordal_evidence: str | None = None
    dispute_reason: str | None = None
    title_passed: bool = False
    released_minor: int = minor(default=0)
    refunded_minor: int = minor(default=0)
    commission_minor: int = minor(default=0)
    state: DealState = Field(default=DealState.AGREED, sa_type=text_enum(DealState))

    @property
    def subject(self) -> str:
        """How lower layers and the event log name this deal."""
        return f"deal:{self.id}"
