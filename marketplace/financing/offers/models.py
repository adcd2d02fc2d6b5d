from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from marketplace.financing.loans.day_counts import DayCount
from marketplace.financing.loans.schedules import Pricing, ScheduleKind
from marketplace.financing.offers.lifecycle import LOAN_OFFER, OfferState
from marketplace.kernel.db import minor, moment, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle


class LoanOffer(Aggregate, table=True):
    """What a lender offers for a request. Its terms never change: they become the loan's."""

    __tablename__: ClassVar[str] = "loan_offer"
    __table_args__ = (
        Index(
            "loan_offer_one_live",
            "request_id",
            "lender_organisation_id",
            unique=True,
            postgresql_where=text("state = 'offered'"),
        ),
        Index("loan_offer_request_index", "request_id", "id"),
        Index("loan_offer_lender_index", "lender_organisation_id", "id"),
        Index("loan_offer_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("amount_minor > 0 AND secured_minor >= amount_minor", name="amounts"),
        CheckConstraint("fee_minor >= 0 AND fee_minor < amount_minor", name="fee"),
        CheckConstraint(
            "(amount_minor + prior_claims_minor)::numeric * 10000"
            " <= eligible_minor::numeric * ltv_max_basis_points",
            name="ltv",
        ),
        CheckConstraint(
            "num_nulls(base_rate_name, spread_basis_points, reset_months) IN (0, 3)",
            name="floating",
        ),
        CheckConstraint("months_each BETWEEN 1 AND term_months", name="periods"),
    )
    lifecycle: ClassVar[Lifecycle[OfferState]] = LOAN_OFFER

    request_id: UUID = Field(foreign_key="financing_request.id")
    lender_organisation_id: UUID = Field(foreign_key="organisation.id")
    product_id: UUID | None = Field(default=None, foreign_key="lender_product.id")
    scheme_id: UUID | None = Field(default=None, foreign_key="risk_sharing_scheme.id")
    valuation_order_id: UUID | None = Field(default=None, foreign_key="valuation_order.id")
    amount_minor: int = minor()
    currency: str
    secured_minor: int = minor()
    eligible_minor: int = minor()
    prior_claims_minor: int = minor(default=0)
    ltv_max_basis_points: int
    rate_basis_points: int
    base_rate_name: str | None = None
    spread_basis_points: int | None = None
    reset_months: int | None = None
    day_count: DayCount = Field(sa_type=text_enum(DayCount))
    schedule: ScheduleKind = Field(sa_type=text_enum(ScheduleKind))
    custom_minor: list[int] = Field(default_factory=list, sa_type=ARRAY(BigInteger))
    term_months: int
    months_each: int
    fee_minor: int = minor(default=0)
    prepayment_fee_basis_points: int = 0
    late_margin_basis_points: int = 0
    cure_days: int = 30
    default_after_days: int = 90
    guarantee_required: bool = False
    covenants: list[str] = Field(default_factory=list, sa_type=JSONB)
    effective_cost_basis_points: int
    valid_until: datetime = moment()
    state: OfferState = Field(default=OfferState.OFFERED, sa_type=text_enum(OfferState))

    @property
    def subject(self) -> str:
        return f"loan_offer:{self.id}"

    @property
    def pricing(self) -> Pricing:
        day_count = DayCount(self.day_count)
        return Pricing(self.rate_basis_points, day_count, self.created_at.date())

    def told(self) -> dict[str, Any]:
        """What the log says of it: no lender reads that of another."""
        return {"request_id": self.request_id, "lender": self.lender_organisation_id}
