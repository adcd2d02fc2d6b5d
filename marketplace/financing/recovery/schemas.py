from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from marketplace.deals.auctions.schemas import AuctionTerms
from marketplace.financing.recovery.lifecycle import EnforcementState
from marketplace.financing.recovery.models import EnforcementPath
from marketplace.financing.schemes.models import PartyRole
from marketplace.financing.schemes.schemas import Minor
from marketplace.kernel.money import AMOUNT_MINOR_MAX
from marketplace.kernel.schemas import Input, LongText, Output, example
from marketplace.payments.online.schemas import PaymentInstructions

OF_RIGHTS = (
    EnforcementPath.AUCTION,
    EnforcementPath.PRIVATE_SALE,
    EnforcementPath.RECOVERY_PURCHASE,
)


class EnforcementStart(Input):
    model_config = example(
        path="private_sale",
        right_id="01890a5d-0000-7000-8000-000000000007",
        payer_organisation_id="01890a5d-0000-7000-8000-000000000009",
        amount_minor=120_000_000,
        costs_minor=6_000_000,
    )

    path: EnforcementPath
    right_id: UUID | None = Field(default=None, description="that is realised, by the first three")
    payer_organisation_id: UUID = Field(description="who buys, guarantees or insures")
    amount_minor: Minor
    costs_minor: Annotated[int, Field(ge=0, le=AMOUNT_MINOR_MAX, strict=True)] = Field(
        default=0, description="what enforcement cost the lender, paid before all else"
    )
    budget_minor: Minor | None = Field(
        default=None, description="what is left of a recovery organisation's programme"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.path in OF_RIGHTS) != (self.right_id is not None):
            raise ValueError("a sale names its right; a guarantee or an insurance does not")
        return self


class CollateralAuctionStart(AuctionTerms):
    """The terms of an auction, the right, and what enforcement costs the lender."""

    model_config = example(
        right_id="01890a5d-0000-7000-8000-000000000007",
        costs_minor=6_000_000,
        kind="ascending",
        currency="KRW",
        starting_minor=80_000_000,
        step_minor=1_000_000,
        deposit_minor=8_000_000,
        closes_at="2026-12-15T06:00:00Z",
    )

    right_id: UUID = Field(description="that secures the loan")
    costs_minor: Annotated[int, Field(ge=0, le=AMOUNT_MINOR_MAX, strict=True)] = Field(
        default=0, description="paid before all else"
    )


class EnforcementRecord(Input):
    model_config = example(evidence="register extract of 2026-12-20")

    evidence: LongText


class EnforcementRead(Output):
    id: UUID
    loan_id: UUID
    path: EnforcementPath
    right_id: UUID | None
    payer_organisation_id: UUID
    amount_minor: int
    costs_minor: int
    costs_paid_minor: int
    interest_minor: int
    late_interest_minor: int
    principal_minor: int
    other_claims_minor: int = Field(description="to pledges of another rank")
    surplus_minor: int = Field(description="to the pledgor")
    subrogated_minor: int = Field(description="for which the payer stepped into the lender's place")
    recorded_at: datetime | None = Field(description="when the right became the payer's")
    state: EnforcementState
    created_at: datetime


class EnforcementDetail(EnforcementRead):
    payment: PaymentInstructions | None = Field(description="for who pays")


class LossShareRead(Output):
    id: UUID
    role: PartyRole
    organisation_id: UUID
    fund_id: UUID | None
    amount_minor: int
    paid_minor: int
    recovered_minor: int
    payment: PaymentInstructions | None = Field(description="for who bears it and has yet to pay")


class RecoveryAsk(Input):
    model_config = example(
        payer_organisation_id="01890a5d-0000-7000-8000-000000000009", amount_minor=50_000_000
    )

    payer_organisation_id: UUID
    amount_minor: Minor


class RecoveryRead(Output):
    id: UUID
    payer_organisation_id: UUID
    amount_minor: int
    interest_minor: int = Field(description="that was never paid, once nobody bears principal")
    late_interest_minor: int
    surplus_minor: int = Field(description="to the debtor")
    applied_at: datetime | None
    payment: PaymentInstructions | None
