from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from marketplace.financing.loans.lifecycle import LoanState
from marketplace.financing.loans.models import InstalmentKind, RepaymentKind
from marketplace.financing.schemes.models import PartyRole
from marketplace.financing.schemes.schemas import Minor
from marketplace.kernel.schemas import Amount, Day, Input, Output, example
from marketplace.payments.online.schemas import PaymentInstructions

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class PledgeRead(Output):
    right_id: UUID
    pledgor_organisation_id: UUID
    value_minor: int = Field(description="at lending")
    encumbrance_id: UUID | None = Field(description="see GET /v1/encumbrances/{id}")


class LoanRead(Output):
    id: UUID
    request_id: UUID
    offer_id: UUID
    borrower_organisation_id: UUID
    lender_organisation_id: UUID
    principal: Amount
    rate_basis_points: int
    state: LoanState
    version: int
    starts_on: Day | None
    ends_on: Day | None
    outstanding: Amount = Field(description="principal that is still owed")
    accrued_interest: Amount = Field(description="on the morning of `accrued_on`")
    late_interest: Amount
    overdue: Amount
    overdue_since: Day | None
    accrued_on: Day | None
    defaulted_on: Day | None
    held_back: str | None = Field(
        description="why the lender's money that came is not paid out: "
        "`pledges_not_registered`, `limit_exceeded` or `parties_missing`; it is once that is "
        "mended, or the loan is given up and the money goes back"
    )
    loss: Amount
    pledges: list[PledgeRead]
    payment: PaymentInstructions | None = Field(description="the lender's, before it is paid out")
    your_moves: list[str]
    created_at: datetime


class LoanBrief(Output):
    id: UUID
    borrower_organisation_id: UUID
    lender_organisation_id: UUID
    principal_minor: int
    currency: str
    state: LoanState
    ends_on: Day | None
    overdue_minor: int


class ContractRead(Output):
    sha256: str
    text: str
    signed_by: list[UUID]


class ContractSign(Input):
    model_config = example(sha256="0f3c" * 16)

    sha256: Sha256 = Field(description="of the text that you read")


class PartyName(Input):
    model_config = example(role="guarantor", organisation_id="01890a5d-0000-7000-8000-000000000009")

    role: PartyRole
    organisation_id: UUID | None = Field(default=None, description="or `fund_id`")
    fund_id: UUID | None = Field(default=None, description="for the role `fund`")
    cap_minor: Minor | None = Field(default=None, description="the most that it bears")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.organisation_id is None) == (self.fund_id is None):
            raise ValueError("give organisation_id or fund_id, one of them")
        if (self.role is PartyRole.FUND) != (self.fund_id is not None):
            raise ValueError("a fund is named by fund_id, and nobody else is")
        if self.role is PartyRole.LENDER:
            raise ValueError("the lender takes part already")
        return self


class ParticipantRead(Output):
    role: PartyRole
    organisation_id: UUID
    fund_id: UUID | None
    cap_minor: int | None
    fee_basis_points: int = Field(
        description="a year, of what is guaranteed; kept back for the whole term when the loan "
        "is paid out"
    )
    confirmed_at: datetime | None


class PartyJoin(Input):
    model_config = example(role="guarantor")

    role: PartyRole


class InstalmentRead(Output):
    kind: InstalmentKind
    number: int
    starts_on: Day
    due_on: Day
    principal_minor: int
    interest_minor: int
    principal_paid_minor: int
    interest_paid_minor: int
    late_minor: int = Field(description="late interest of it that is still owed today")


class ScheduleVersionRead(Output):
    number: int
    reason: str
    rate_basis_points: int
    created_at: datetime


class ScheduleRead(Output):
    instalments: list[InstalmentRead]
    versions: list[ScheduleVersionRead] = Field(description="what it was, oldest first")


class RepaymentAsk(Input):
    model_config = example(kind="due")

    kind: Literal[RepaymentKind.DUE, RepaymentKind.PREPAYMENT, RepaymentKind.SETTLEMENT] = (
        RepaymentKind.DUE
    )
    amount_minor: Minor | None = Field(
        default=None, description="of a prepayment; or a part of what is due"
    )
    pay_on: Day | None = Field(default=None, description="when it will arrive; today, if left out")

    @model_validator(mode="after")
    def _amount(self) -> Self:
        if (self.kind is RepaymentKind.PREPAYMENT) and self.amount_minor is None:
            raise ValueError("say how much you prepay")
        if (self.kind is RepaymentKind.SETTLEMENT) and self.amount_minor is not None:
            raise ValueError("a settlement is all that is owed")
        return self


class RepaymentRead(Output):
    id: UUID
    kind: RepaymentKind
    amount_minor: int
    through_on: Day
    applied_at: datetime | None
    ended_at: datetime | None
    costs_minor: int
    interest_minor: int
    late_interest_minor: int
    principal_minor: int
    fee_minor: int
    returned_minor: int


class RepaymentDetail(RepaymentRead):
    payment: PaymentInstructions | None = Field(description="none of what a pledge brought")


class StatementLine(Output):
    at: datetime
    kind: str
    source: str
    destination: str
    amount_minor: int
