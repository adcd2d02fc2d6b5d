from datetime import date, datetime
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import Field, model_validator

from marketplace.kernel.money import AMOUNT_MINOR_MAX
from marketplace.kernel.schemas import (
    Amount,
    Currency,
    Day,
    Input,
    LongText,
    Output,
    RegionCode,
    example,
)
from marketplace.payments.online.schemas import PaymentInstructions
from marketplace.valuation.institutions.schemas import Once
from marketplace.valuation.orders.lifecycle import OrderState
from marketplace.valuation.orders.models import ClientRole, PartyRole
from marketplace.valuation.purposes import Purpose

RIGHTS_MAX: Final = 50
PARTIES_MAX: Final = 20
PAYERS_MAX: Final = 10
SHARE_MAX: Final = 1_000_000
VALUATIONS_MAX: Final = 3
ShareNumber = Annotated[int, Field(ge=1, le=SHARE_MAX, strict=True)]


class Fee(Input):
    """What each institution gets for its valuation."""

    amount_minor: int = Field(gt=0, le=AMOUNT_MINOR_MAX // (VALUATIONS_MAX + 1), strict=True)
    currency: Currency


class FeeShare(Input):
    """An exact fraction of all fees: a third is 1 / 3."""

    organisation_id: UUID
    numerator: ShareNumber
    denominator: ShareNumber


class CaseParty(Input):
    organisation_id: UUID
    role: PartyRole


class OrderPlace(Input):
    model_config = example(
        right_ids=["0199d1c5-7a2e-7c3f-9c55-1b1f0a3e7d21"],
        purpose="transaction",
        client_role="owner",
        base_date="2026-11-01",
        deadline="2027-01-15",
        fee={"amount_minor": 5_000_000, "currency": "KRW"},
        valuations=2,
    )

    right_ids: Annotated[list[UUID], Once] = Field(min_length=1, max_length=RIGHTS_MAX)
    purpose: Purpose
    client_role: ClientRole
    base_date: Day = Field(description="as of which the rights are valued")
    deadline: Day = Field(description="by when the report is due")
    fee: Fee
    valuations: int = Field(
        default=1,
        ge=1,
        le=VALUATIONS_MAX,
        strict=True,
        description="several are blind: nobody sees any until all are in. Of two, the fee of a"
        " third is held as well, and goes back when their spread does not call for it",
    )
    payers: list[FeeShare] = Field(
        default=[],
        max_length=PAYERS_MAX,
        description="none: the client pays all. Each agrees by paying, or cancels the order",
    )
    parties: list[CaseParty] = Field(
        default=[],
        max_length=PARTIES_MAX,
        description="who else has to do with it, as the lender or the buyer; owners are known",
    )
    institution_id: UUID | None = Field(
        default=None, description="where the purpose lets its client choose, and of one valuation"
    )
    region: RegionCode | None = Field(default=None, description="where it has to be inspected")

    @model_validator(mode="after")
    def _one_is_named(self) -> Self:
        if self.institution_id is not None and self.valuations > 1:
            raise ValueError("of several valuations none is by a named institution")
        return self


class Objection(Input):
    model_config = example(reason="The report values another claim than the one that was ordered.")

    reason: LongText


class PayerRead(Output):
    organisation_id: UUID
    numerator: int
    denominator: int
    amount: Amount
    paid: bool
    payment: PaymentInstructions | None = Field(description="how to pay; for the payer alone")


class PartyRead(Output):
    organisation_id: UUID
    role: PartyRole


class ValuerRead(Output):
    """One of the valuers. Who it is, a client learns with the delivery."""

    slot: int
    institution_id: UUID | None
    state: str
    report_id: UUID | None
    value: Amount | None


class Dispersion(Output):
    """How far the delivered values lie apart. They are not averaged: read each report."""

    low: Amount
    middle: Amount = Field(description="the median")
    high: Amount
    spread_basis_points: int = Field(description="high less low, over the middle")


class OrderListed(Output):
    id: UUID
    created_at: datetime
    version: int
    state: OrderState
    due_at: datetime | None = Field(description="when the clock moves it, if nobody does")
    client_organisation_id: UUID
    client_role: ClientRole
    purpose: Purpose
    base_date: date
    deadline: date
    valuations: int
    fee: Amount
    total: Amount
    released: Amount
    refunded: Amount
    your_role: str | None
    your_moves: list[str]


class OrderRead(OrderListed):
    right_ids: list[UUID]
    fields: list[int] = Field(description="WIPO fields of technology of the rights")
    region: str | None
    named_institution_id: UUID | None
    parties: list[PartyRead]
    payers: list[PayerRead]
    reports_in: int = Field(description="how many valuations are finished")
    valuers: list[ValuerRead]
    dispersion: Dispersion | None = Field(description="of several delivered values")
    objection: str | None
