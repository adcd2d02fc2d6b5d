from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from marketplace.assets.models import RightKind
from marketplace.deals.lifecycle import DEAL, DealState
from marketplace.kernel.db import minor, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle
from marketplace.listings.deal_types import DealType


class Deal(Aggregate, table=True):
    """An accepted offer with its terms frozen: price, parties, right and commission."""

    __tablename__: ClassVar[str] = "deal"
    __table_args__ = (
        UniqueConstraint("negotiation_id", name="deal_negotiation_unique"),
        Index("deal_buyer_index", "buyer_organisation_id", "id"),
        Index("deal_seller_index", "seller_organisation_id", "id"),
        Index("deal_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint(
            "price_minor > 0 OR price_minor = 0 AND type <> 'sale'", name="price_positive"
        ),
        CheckConstraint("buyer_organisation_id <> seller_organisation_id", name="two_parties"),
        CheckConstraint(
            "released_minor >= 0 AND refunded_minor >= 0"
            " AND released_minor + refunded_minor <= price_minor",
            name="distribution",
        ),
        CheckConstraint(
            "returned_minor BETWEEN 0 AND released_minor"
            " AND returned_vat_minor BETWEEN 0 AND released_vat_minor",
            name="returned_range",
        ),
        CheckConstraint(
            "vat_minor >= 0 AND released_vat_minor BETWEEN 0 AND vat_minor"
            " AND commission_minor >= 0 AND commission_vat_minor >= 0 AND withheld_minor >= 0"
            " AND brokerage_minor >= 0 AND commission_minor + commission_vat_minor"
            " + withheld_minor + brokerage_minor <= released_minor",
            name="deductions",
        ),
    )
    lifecycle: ClassVar[Lifecycle[DealState]] = DEAL

    negotiation_id: UUID | None = Field(
        default=None, foreign_key="negotiation.id", description="none of an open licence"
    )
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
    commission_vat_rate_id: UUID | None = Field(default=None, foreign_key="tax_rate.id")
    commission_vat_country: str | None = None
    commission_vat_basis_points: int = 0
    vat_rate_id: UUID | None = Field(default=None, foreign_key="tax_rate.id")
    vat_minor: int = minor(default=0)
    shared: bool = Field(default=False, description="payees beside the seller are named")
    fees_shared: bool = Field(default=False, description="the payees are all owners, by law")
    withholds: bool = Field(default=False, description="tax may have to be kept back")
    in_parts: bool = Field(default=False, description="paid and released in parts")
    bundled: bool = Field(default=False, description="about several rights")
    co_owned: bool = Field(default=False, description="other owners have to consent")
    pledged: bool = Field(default=False, description="secured claims are paid out of the price")
    brokered: bool = Field(default=False, description="brokers get a commission out of the price")
    dual_agency: bool = Field(default=False, description="a broker or its group is on both sides")
    additional_terms: str | None = None
    recordal_waived_by_seller: bool = False
    recordal_evidence: str | None = None
    dispute_reason: str | None = None
    frozen_from: DealState | None = Field(
        default=None,
        sa_type=text_enum(DealState),
        description="where a chargeback found it, and where it goes on when that is won",
    )
    title_passed: bool = False
    released_minor: int = minor(default=0)
    refunded_minor: int = minor(default=0)
    commission_minor: int = minor(default=0)
    commission_vat_minor: int = minor(default=0)
    withheld_minor: int = minor(default=0)
    released_vat_minor: int = minor(default=0)
    brokerage_minor: int = minor(default=0)
    returned_minor: int = minor(default=0)
    returned_vat_minor: int = minor(default=0)
    state: DealState = Field(default=DealState.AGREED, sa_type=text_enum(DealState))

    @property
    def subject(self) -> str:
        """How lower layers and the event log name this deal."""
        return f"deal:{self.id}"

    @property
    def is_plain(self) -> bool:
        """One sale of one right by one owner, paid at once, to nobody else: its row says all."""
        parts = self.in_parts or self.bundled
        others = self.shared or self.withholds or self.co_owned or self.pledged or self.brokered
        return self.type == DealType.SALE and not (parts or others)
