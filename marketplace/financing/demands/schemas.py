from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from marketplace.financing.demands.lifecycle import DemandOfferState, DemandState
from marketplace.financing.demands.terms import Offered, Product, Wanted
from marketplace.kernel.money import AMOUNT_MINOR_MAX
from marketplace.kernel.schemas import Amount, Input, LongText, Output, Price, example
from marketplace.payments.online.schemas import PaymentInstructions
from marketplace.valuation.institutions.schemas import Once


class DemandPublish(Input):
    model_config = example(
        amount={"amount_minor": 500_000_000, "currency": "KRW"},
        summary="a second line for solid electrolytes",
        terms={
            "product": "equity",
            "instrument": "preferred",
            "stake_max_basis_points": 1_500,
            "use_of_proceeds": "machines and two engineers",
        },
        right_ids=["01890a5d-0000-7000-8000-000000000007"],
    )

    amount: Price
    summary: LongText = Field(description="shown to all who may offer")
    terms: Wanted
    right_ids: Annotated[list[UUID], Once] = Field(
        min_length=1, max_length=50, description="rights of yours that it concerns"
    )
    closes_at: AwareDatetime | None = Field(default=None, description="in 60 days, if left out")


class DemandRead(Output):
    id: UUID
    company_organisation_id: UUID
    product: Product
    amount: Amount
    summary: str
    terms: Wanted
    right_ids: list[UUID]
    agreed: Amount | None = Field(description="of the accepted offer; for its two sides alone")
    leads_to: str | None = Field(
        description="`financing_request:<id>` or `deal:<id>`, where it goes on"
    )
    payment: PaymentInstructions | None = Field(description="what the offerer pays, and how")
    state: DemandState
    version: int
    your_moves: list[str]
    due_at: datetime | None
    created_at: datetime


class DemandOfferMake(Input):
    model_config = example(
        amount_minor=500_000_000, terms={"product": "equity", "stake_basis_points": 1_200}
    )

    amount_minor: int = Field(
        gt=0, le=AMOUNT_MINOR_MAX, strict=True, description="in the demand's currency"
    )
    terms: Offered
    valid_until: AwareDatetime | None = Field(default=None, description="30 days, if left out")


class DemandOfferRead(Output):
    id: UUID
    demand_id: UUID
    offerer_organisation_id: UUID
    amount: Amount
    terms: Offered
    valid_until: datetime
    state: DemandOfferState
    version: int
    your_moves: list[str]
