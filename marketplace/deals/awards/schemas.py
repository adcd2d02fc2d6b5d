from uuid import UUID

from pydantic import Field

from marketplace.kernel.schemas import Amount, Input, Output, example
from marketplace.listings.solicitations.schemas import MinorAmount


class AwardGive(Input):
    number: int = Field(ge=1, le=1_000_000, strict=True, description="of the submission")
    amount_minor: MinorAmount


class AwardsGive(Input):
    model_config = example(
        awards=[
            {"number": 4, "amount_minor": 20_000_000},
            {"number": 1, "amount_minor": 5_000_000},
        ]
    )

    awards: list[AwardGive] = Field(min_length=1, max_length=100)


class AwardRead(Output):
    number: int
    amount: Amount


class AwardedRead(AwardRead):
    deal_id: UUID | None = Field(description="a purchase or a licence")
    co_development_id: UUID | None = Field(description="an agreement to develop it together")


class AmountFigures(Output):
    currency: str
    awarded_minor: int
    settled_minor: int = Field(description="of deals that were paid out, by the ledger")
    mean_award_minor: int = Field(description="rounded; a half up")
    largest_award_minor: int


class SolicitationFigures(Output):
    solicitations: int = Field(description="that were opened")
    with_awards: int
    submissions: int = Field(description="entered, and not taken back")
    awards: int
    settled_awards: int
    amounts: list[AmountFigures]
