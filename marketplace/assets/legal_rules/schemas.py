from datetime import date
from typing import Any
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator

from marketplace.assets.legal_rules.models import Topic
from marketplace.assets.legal_rules.terms import TERMS
from marketplace.assets.models import RightKind
from marketplace.kernel.schemas import CountryCode, Day, Input, Output, ShortText, example


class RuleSet(Input):
    model_config = example(
        jurisdiction="KR",
        right_kind="patent",
        topic="fees",
        terms={"counted_from": "grant", "years_at_grant": 3, "grace_months": 6},
        valid_from="2027-01-01",
        source="Patent Act 79, 81",
    )

    jurisdiction: CountryCode = Field(description="the office's ST.3 code")
    right_kind: RightKind
    topic: Topic
    terms: dict[str, Any] = Field(description="as the rows of this topic that are there")
    valid_from: Day = Field(
        description="by the filing date for a term, by the grant for fees, else by the act's day"
    )
    source: ShortText = Field(description="the statute or decision that says so")

    @field_validator("terms")
    @classmethod
    def _of_its_topic(cls, terms: dict[str, Any], known: ValidationInfo) -> dict[str, Any]:
        topic = known.data.get("topic")
        return TERMS[topic].model_validate(terms).model_dump(mode="json") if topic else terms


class RuleRead(Output):
    id: UUID
    jurisdiction: str
    right_kind: RightKind
    topic: Topic
    terms: dict[str, Any]
    valid_from: date
    valid_until: date | None
    source: str
