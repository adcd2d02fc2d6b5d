from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from marketplace.financing.recovery.lifecycle import ENFORCEMENT, EnforcementState
from marketplace.financing.schemes.models import PartyRole
from marketplace.kernel.db import Record, minor, moment, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle


class EnforcementPath(StrEnum):
    """How a lender comes to its money. The first three realise a right, the others do not."""

    AUCTION = "auction"
    PRIVATE_SALE = "private_sale"
    RECOVERY_PURCHASE = "recovery_purchase"
    GUARANTEE = "guarantee"
    INSURANCE = "insurance"


ROLE_OF: Final = {
    EnforcementPath.GUARANTEE: PartyRole.GUARANTOR,
    EnforcementPath.INSURANCE: PartyRole.INSURER,
}
"""Who pays by a way that realises no right."""


class Enforcement(Aggregate, table=True):
    """One way of enforcement that was taken: who pays, how much, and what it cost."""

    __tablename__: ClassVar[str] = "enforcement"
    __table_args__ = (
        Index("enforcement_loan_index", "loan_id", "id"),
        Index(
            "enforcement_one_open",
            "right_id",
            unique=True,
            postgresql_where=text("state = 'open' AND right_id IS NOT NULL"),
        ),
        Index(
            "enforcement_sold_once",
            "loan_id",
            "right_id",
            unique=True,
            postgresql_where=text(
                "path IN ('private_sale', 'recovery_purchase') AND state <> 'abandoned'"
            ),
        ),
        Index("enforcement_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("amount_minor > 0 AND costs_minor >= 0", name="amounts"),
        CheckConstraint(
            "(path IN ('guarantee', 'insurance')) = (right_id IS NULL)", name="of_a_right"
        ),
        CheckConstraint("recovered_minor BETWEEN 0 AND subrogated_minor", name="recovered"),
        CheckConstraint(
            "(evidence IS NULL) = (recorded_at IS NULL)"
            " AND (recorded_at IS NULL OR state = 'realised' AND right_id IS NOT NULL)",
            name="recorded",
        ),
    )
    lifecycle: ClassVar[Lifecycle[EnforcementState]] = ENFORCEMENT

    loan_id: UUID = Field(foreign_key="loan.id")
    path: EnforcementPath = Field(sa_type=text_enum(EnforcementPath))
    right_id: UUID | None = Field(default=None, foreign_key="ip_right.id")
    payer_organisation_id: UUID = Field(foreign_key="organisation.id")
    amount_minor: int = minor()
    costs_minor: int = minor(default=0)
    costs_paid_minor: int = minor(default=0)
    interest_minor: int = minor(default=0)
    late_interest_minor: int = minor(default=0)
    principal_minor: int = minor(default=0)
    other_claims_minor: int = minor(default=0)
    surplus_minor: int = minor(default=0)
    subrogated_minor: int = minor(default=0)
    recovered_minor: int = minor(default=0)
    evidence: str | None = Field(default=None, description="by which the right is the payer's")
    recorded_at: datetime | None = moment(nullable=True)
    state: EnforcementState = Field(
        default=EnforcementState.OPEN, sa_type=text_enum(EnforcementState)
    )

    @property
    def subject(self) -> str:
        return f"enforcement:{self.id}"


class LossShare(Record, table=True):
    """What a party bears of a loan's loss, and what of it came back. They sum to the loss."""

    __tablename__: ClassVar[str] = "loss_share"
    __table_args__ = (
        UniqueConstraint("loan_id", "role", name="loss_share_role_unique"),
        Index("loss_share_organisation_index", "organisation_id", "id"),
        Index("loss_share_fund_index", "fund_id", postgresql_where=text("fund_id IS NOT NULL")),
        CheckConstraint("amount_minor >= 0", name="amount"),
        CheckConstraint("paid_minor IN (0, amount_minor)", name="paid_once"),
        CheckConstraint("recovered_minor >= 0", name="recovered"),
    )

    loan_id: UUID = Field(foreign_key="loan.id")
    position: int
    role: PartyRole = Field(sa_type=text_enum(PartyRole))
    organisation_id: UUID = Field(foreign_key="organisation.id")
    fund_id: UUID | None = Field(default=None, foreign_key="compensation_fund.id")
    amount_minor: int = minor()
    paid_minor: int = minor(default=0)
    recovered_minor: int = minor(default=0)

    @property
    def subject(self) -> str:
        return f"loss_share:{self.id}"


class LoanRecovery(Record, table=True):
    """Money that came after the loss was shared, and goes back to who bore it."""

    __tablename__: ClassVar[str] = "loan_recovery"
    __table_args__ = (
        Index("loan_recovery_loan_index", "loan_id", "id"),
        UniqueConstraint("claim", name="loan_recovery_claim_unique"),
        CheckConstraint("amount_minor > 0 AND surplus_minor >= 0", name="amounts"),
    )

    loan_id: UUID = Field(foreign_key="loan.id")
    payer_organisation_id: UUID = Field(foreign_key="organisation.id")
    amount_minor: int = minor()
    surplus_minor: int = minor(default=0)
    interest_minor: int = minor(default=0)
    late_interest_minor: int = minor(default=0)
    claim: str | None = Field(default=None, description="what paid a pledge of the loan, once")
    applied_at: datetime | None = moment(nullable=True)

    @property
    def subject(self) -> str:
        return f"loan_recovery:{self.id}"


class CollateralAuction(Record, table=True):
    """An auction of a right that secures a called loan, and what enforcement cost the lender."""

    __tablename__: ClassVar[str] = "collateral_auction"
    __table_args__ = (
        UniqueConstraint("auction_id", name="collateral_auction_once_unique"),
        Index("collateral_auction_loan_index", "loan_id", "id"),
        CheckConstraint("costs_paid_minor BETWEEN 0 AND costs_minor", name="costs"),
    )

    auction_id: UUID = Field(foreign_key="auction.id")
    loan_id: UUID = Field(foreign_key="loan.id")
    costs_minor: int = minor(default=0)
    costs_paid_minor: int = minor(default=0)
