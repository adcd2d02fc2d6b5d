from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from marketplace.kernel.schemas import Day, Input, Output, ShortText, Storable, example
from marketplace.valuation.purposes import Purpose
from marketplace.valuation.registry.contents import Content, ModelKind

Edition = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$"), Storable]


class ModelPublish(Input):
    model_config = example(
        edition="2027.1",
        source="Korean technology valuation guide, edition of 2027",
        content={
            "kind": "premium_table",
            "printed": [
                {"score": 20.0, "premium": 0.1001},
                {"score": 30.0, "premium": 0.051},
                {"score": 40.0, "premium": 0.0222},
                {"score": 50.0, "premium": 0.0018},
            ],
            "slope": -0.071,
            "intercept": 0.1001,
        },
    )

    edition: Edition = Field(description="the name of this version; each is published once")
    source: ShortText = Field(description="where it comes from, to be looked up years later")
    content: Content


class ModelAllow(Input):
    model_config = example(purpose="loan", valid_from="2027-01-01")

    purpose: Purpose
    valid_from: Day | None = Field(default=None, description="left out: from today")
    valid_until: Day | None = Field(
        default=None, description="the day after; left out: until ended"
    )


class ModelWithdraw(Input):
    model_config = example(withdrawn_from="2027-07-01", reason="the table was superseded")

    withdrawn_from: Day | None = Field(default=None, description="left out: from today")
    reason: ShortText


class ModelSummary(Output):
    """What a calculation, a report or a rating names."""

    id: UUID
    name: str
    edition: str
    content_sha256: str = Field(description="of the content as JSON with sorted keys, no spaces")


class ModelListed(ModelSummary):
    kind: ModelKind
    source: str
    created_at: datetime


class UseRead(Output):
    purpose: Purpose
    valid_from: date
    valid_until: date | None


class ModelRead(ModelListed):
    content: dict[str, Any]
    consistency_ratio: float | None = Field(description="of comparisons in pairs, if there are any")
    uses: list[UseRead]
    withdrawn_from: date | None
