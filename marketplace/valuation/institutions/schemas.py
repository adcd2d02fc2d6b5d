from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from marketplace.kernel.schemas import Day, Input, Output, RegionCode, ShortText, example
from marketplace.valuation.fields import FIELDS, WipoField
from marketplace.valuation.institutions.models import InterestKind, Tier
from marketplace.valuation.purposes import Purpose

CAPACITY_MAX = 10_000


def _once(given: list[object]) -> list[object]:
    if len(set(given)) < len(given):
        raise ValueError("name each once")
    return given


Once = AfterValidator(_once)


class ProfileKeep(Input):
    """The whole profile: what is left out of a list is given up."""

    model_config = example(
        fields=[6, 7, 8], purposes=["loan", "transaction"], regions=[], capacity=20
    )

    fields: Annotated[list[WipoField], Once] = Field(
        max_length=len(FIELDS), description="WIPO fields of technology, 1 to 35"
    )
    purposes: Annotated[list[Purpose], Once] = Field(max_length=len(Purpose))
    regions: Annotated[list[RegionCode], Once] = Field(
        default=[], max_length=100, description="where it inspects; none: everywhere"
    )
    capacity: int = Field(
        ge=0, le=CAPACITY_MAX, strict=True, description="open cases at once; 0 takes none"
    )


class ProfileRead(Output):
    organisation_id: UUID
    fields: list[int]
    purposes: list[Purpose]
    regions: list[str]
    capacity: int
    version: int


class InterestDeclare(Input):
    model_config = example(
        kind="prosecution",
        right_id="0199d1c5-7a2e-7c3f-9c55-1b1f0a3e7d21",
        valid_from="2020-01-01",
        note="filed and prosecuted by our patent attorneys",
    )

    kind: InterestKind
    counterpart_id: UUID | None = Field(default=None, description="an organisation and its group")
    right_id: UUID | None = Field(default=None, description="or one right; one of the two")
    valid_from: Day
    valid_until: Day | None = Field(default=None, description="the first day that it is over")
    note: ShortText

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if (self.counterpart_id is None) == (self.right_id is None):
            raise ValueError("give counterpart_id or right_id, one of them")
        if self.valid_until is not None and self.valid_until < self.valid_from:
            raise ValueError("it ends before it begins")
        return self


class InterestEnd(Input):
    model_config = example(valid_until="2027-01-01")

    valid_until: Day = Field(description="the first day that it is over")


class InterestRead(Output):
    id: UUID
    created_at: datetime
    kind: InterestKind
    counterpart_id: UUID | None
    right_id: UUID | None
    valid_from: Day
    valid_until: Day | None
    note: str


class StandingRead(Output):
    """What quality control made of an institution; the newest counts."""

    id: UUID
    created_at: datetime
    institution_id: UUID
    tier: Tier
    weight: int = Field(description="of its capacity in the draw, basis points")
    basis: str = Field(examples=["sample_survey:0199d1c5-7a2e-7c3f-9c55-1b1f0a3e7d21"])
    reason: str
