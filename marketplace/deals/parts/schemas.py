from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from marketplace.deals.parts.lifecycle import PartState
from marketplace.kernel.money import AMOUNT_MINOR_MAX
from marketplace.kernel.schemas import Amount, Input, Output, ShortText, example
from marketplace.payments.online.schemas import PaymentInstructions

PARTS_MAX = 60
DAYS_MAX = 3_650


class PartPlan(Input):
    """When a part of the price is due: some days after both signed, or on a milestone."""

    amount_minor: int = Field(gt=0, le=AMOUNT_MINOR_MAX, strict=True, description="without VAT")
    after_days: Annotated[int, Field(ge=0, le=DAYS_MAX, strict=True)] | None = Field(
        default=None, description="due so many days after both signed"
    )
    milestone: ShortText | None = Field(
        default=None, description="due when the buyer or the operator confirms this"
    )
    before_transfer: bool = Field(
        default=True,
        description="the transfer is filed only when this part is held, which a milestone that"
        " comes after the transfer never is: set it to false there",
    )

    @model_validator(mode="after")
    def _due_once(self) -> Self:
        if (self.after_days is None) == (self.milestone is None):
            raise ValueError("give after_days or milestone, one of them")
        return self


class PartsPlan(Input):
    model_config = example(
        parts=[
            {"amount_minor": 60_000_000, "after_days": 0},
            {"amount_minor": 30_000_000, "after_days": 90, "before_transfer": False},
            {
                "amount_minor": 10_000_000,
                "milestone": "training of two engineers is completed",
                "before_transfer": False,
            },
        ]
    )

    parts: list[PartPlan] = Field(
        max_length=PARTS_MAX, description="none: the whole price is paid at once again"
    )


class PartRead(Output):
    number: int
    id: UUID
    state: PartState
    version: int
    amount: Amount = Field(description="of the price")
    vat: Amount = Field(description="on top of the amount")
    after_days: int | None
    milestone: str | None
    before_transfer: bool
    released: Amount
    refunded: Amount
    due_at: datetime | None = Field(description="when the clock moves it, if nobody does")
    payment: PaymentInstructions | None
    your_moves: list[str]
