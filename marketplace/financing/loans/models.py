from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from marketplace.financing.loans.lifecycle import ACCRUING, LOAN, LoanState
from marketplace.financing.schemes.models import PartyRole
from marketplace.kernel.db import Record, minor, moment, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle

_ACCRUING = ", ".join(f"'{state}'" for state in ACCRUING)


class Loan(Aggregate, table=True):
    """A loan under the terms of the offer that was accepted, and what became of it.

    What accrued and what is overdue is as of the morning of `accrued_on`; the paid amounts are
    those of the ledger.
    """

    __tablename__: ClassVar[str] = "loan"
    __table_args__ = (
        Index(
            "loan_one_live",
            "request_id",
            unique=True,
            postgresql_where=text("state <> 'cancelled'"),
        ),
        Index("loan_borrower_index", "borrower_organisation_id", "id"),
        Index("loan_lender_index", "lender_organisation_id", "id"),
        Index(
            "loan_accrual_index",
            "accrued_on",
            "id",
            postgresql_where=text(f"state IN ({_ACCRUING})"),
        ),
        Index("loan_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("disbursed_minor IN (0, principal_minor)", name="disbursed"),
        CheckConstraint(
            "principal_paid_minor BETWEEN 0 AND disbursed_minor", name="principal_paid"
        ),
        CheckConstraint("(disbursed_minor = 0) = (starts_on IS NULL)", name="started"),
        CheckConstraint("loss_minor BETWEEN 0 AND disbursed_minor", name="loss"),
    )
    lifecycle: ClassVar[Lifecycle[LoanState]] = LOAN

    request_id: UUID = Field(foreign_key="financing_request.id")
    offer_id: UUID = Field(foreign_key="loan_offer.id")
    borrower_organisation_id: UUID = Field(foreign_key="organisation.id")
    lender_organisation_id: UUID = Field(foreign_key="organisation.id")
    principal_minor: int = minor()
    currency: str
    rate_basis_points: int
    disbursed_minor: int = minor(default=0)
    principal_paid_minor: int = minor(default=0)
    interest_paid_minor: int = minor(default=0)
    late_interest_paid_minor: int = minor(default=0)
    fees_paid_minor: int = minor(default=0)
    costs_paid_minor: int = minor(default=0)
    starts_on: date | None = None
    ends_on: date | None = None
    next_reset_on: date | None = None
    accrued_on: date | None = None
    accrued_interest_minor: int = minor(default=0)
    late_interest_minor: int = minor(default=0)
    overdue_minor: int = minor(default=0)
    overdue_since: date | None = None
    defaulted_on: date | None = None
    held_back: str | None = Field(
        default=None, description="why the lender's money that came is not paid out"
    )
    waived_minor: int = minor(default=0)
    loss_minor: int = minor(default=0)
    state: LoanState = Field(default=LoanState.AGREED, sa_type=text_enum(LoanState))

    @property
    def subject(self) -> str:
        return f"loan:{self.id}"

    @property
    def outstanding_minor(self) -> int:
        """The principal that is still owed."""
        return self.disbursed_minor - self.principal_paid_minor


class LoanPledge(Record, table=True):
    """A right that secures a loan, by its encumbrance once it is filed."""

    __tablename__: ClassVar[str] = "loan_pledge"
    __table_args__ = (
        UniqueConstraint("loan_id", "right_id", name="loan_pledge_right_unique"),
        UniqueConstraint("encumbrance_id", name="loan_pledge_encumbrance_unique"),
        Index("loan_pledge_of_right_index", "right_id"),
    )

    loan_id: UUID = Field(foreign_key="loan.id")
    right_id: UUID = Field(foreign_key="ip_right.id")
    pledgor_organisation_id: UUID = Field(foreign_key="organisation.id")
    value_minor: int = minor()
    encumbrance_id: UUID | None = Field(default=None, foreign_key="encumbrance.id")


class LoanParticipant(Record, table=True):
    """Who takes part in a loan in a role of its scheme; it has joined once it confirmed."""

    __tablename__: ClassVar[str] = "loan_participant"
    __table_args__ = (
        UniqueConstraint("loan_id", "role", name="loan_participant_role_unique"),
        Index("loan_participant_organisation_index", "organisation_id", "id"),
        CheckConstraint("(role = 'fund') = (fund_id IS NOT NULL)", name="fund"),
        CheckConstraint("role <> 'lender' AND cap_minor > 0", name="cap"),
        CheckConstraint(
            "fee_basis_points = 0 OR fee_basis_points > 0 AND cap_minor IS NOT NULL", name="fee"
        ),
    )

    loan_id: UUID = Field(foreign_key="loan.id")
    role: PartyRole = Field(sa_type=text_enum(PartyRole))
    organisation_id: UUID = Field(foreign_key="organisation.id")
    fund_id: UUID | None = Field(default=None, foreign_key="compensation_fund.id")
    cap_minor: int | None = minor(default=None)
    fee_basis_points: int = Field(default=0, description="a year, of what is guaranteed")
    confirmed_at: datetime | None = moment(nullable=True)


class InstalmentKind(StrEnum):
    SCHEDULED = "scheduled"
    PREPAYMENT = "prepayment"


class LoanInstalment(Record, table=True):
    """A row of the schedule in force, and what was paid of it.

    Together the rows repay what was paid out, which the database sees to. A prepayment is a row of
    its own. Late interest is fixed up to `late_from`, and runs on from there.
    """

    __tablename__: ClassVar[str] = "loan_instalment"
    __table_args__ = (
        UniqueConstraint("loan_id", "kind", "number", name="loan_instalment_number_unique"),
        Index("loan_instalment_due_index", "loan_id", "due_on"),
        CheckConstraint("due_on >= starts_on", name="period"),
        CheckConstraint("principal_minor >= 0 AND interest_minor >= 0", name="amounts"),
        CheckConstraint(
            "principal_paid_minor BETWEEN 0 AND principal_minor"
            " AND interest_paid_minor BETWEEN 0 AND interest_minor",
            name="paid",
        ),
        CheckConstraint("late_paid_minor BETWEEN 0 AND late_fixed_minor", name="late"),
    )

    loan_id: UUID = Field(foreign_key="loan.id")
    kind: InstalmentKind = Field(
        default=InstalmentKind.SCHEDULED, sa_type=text_enum(InstalmentKind)
    )
    number: int
    starts_on: date
    due_on: date
    rate_basis_points: int = Field(description="of its period, whatever the loan's is by now")
    principal_minor: int = minor()
    interest_minor: int = minor()
    principal_paid_minor: int = minor(default=0)
    interest_paid_minor: int = minor(default=0)
    late_from: date | None = None
    late_fixed_minor: int = minor(default=0)
    late_paid_minor: int = minor(default=0)

    @property
    def unpaid_minor(self) -> int:
        """Principal and interest that were not paid."""
        paid = self.principal_paid_minor + self.interest_paid_minor
        return self.principal_minor + self.interest_minor - paid


class LoanSchedule(Record, table=True):
    """A version of a schedule as it was made: nobody changes it. Append-only."""

    __tablename__: ClassVar[str] = "loan_schedule"
    __table_args__ = (UniqueConstraint("loan_id", "number", name="loan_schedule_number_unique"),)

    loan_id: UUID = Field(foreign_key="loan.id")
    number: int
    reason: str
    rate_basis_points: int
    instalments: list[dict[str, Any]] = Field(sa_type=JSONB)


class RepaymentKind(StrEnum):
    """What is asked for; a `claim` is not: its pledge was paid by a sale, or by another rank."""

    DUE = "due"
    PREPAYMENT = "prepayment"
    SETTLEMENT = "settlement"
    CLAIM = "claim"


class LoanRepayment(Record, table=True):
    """A payment that was asked for, or that a pledge brought, and how it was used once it came."""

    __tablename__: ClassVar[str] = "loan_repayment"
    __table_args__ = (
        Index(
            "loan_repayment_one_open",
            "loan_id",
            "kind",
            unique=True,
            postgresql_where=text("applied_at IS NULL AND ended_at IS NULL"),
        ),
        Index("loan_repayment_loan_index", "loan_id", "id"),
        UniqueConstraint("claim", name="loan_repayment_claim_unique"),
        CheckConstraint("(kind = 'claim') = (claim IS NOT NULL)", name="of_a_pledge"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint(
            "applied_at IS NULL OR amount_minor = costs_minor + interest_minor"
            " + late_interest_minor + principal_minor + fee_minor + returned_minor",
            name="used",
        ),
    )

    loan_id: UUID = Field(foreign_key="loan.id")
    kind: RepaymentKind = Field(sa_type=text_enum(RepaymentKind))
    payer_organisation_id: UUID = Field(foreign_key="organisation.id")
    claim: str | None = Field(default=None, description="what paid the pledge, once")
    amount_minor: int = minor()
    through_on: date
    applied_at: datetime | None = moment(nullable=True)
    ended_at: datetime | None = moment(nullable=True)
    costs_minor: int = minor(default=0)
    interest_minor: int = minor(default=0)
    late_interest_minor: int = minor(default=0)
    principal_minor: int = minor(default=0)
    fee_minor: int = minor(default=0)
    returned_minor: int = minor(default=0)

    @property
    def subject(self) -> str:
        return f"loan_repayment:{self.id}"
