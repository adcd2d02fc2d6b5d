from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from marketplace.assets.models import LegalStatus
from marketplace.assets.schemas import IdentifierInput
from marketplace.kernel.schemas import Day, Input, Output, example


class FiledAs(StrEnum):
    PATENT = "patent"
    UTILITY_MODEL = "utility_model"
    DESIGN = "design"


class IdeaFile(Input):
    model_config = example(
        kind="patent",
        identifier={"number": "KR 10-2026-0012345", "document_class": "application"},
        filed_on="2026-01-31",
    )

    kind: FiledAs
    identifier: IdentifierInput = Field(description="the number that the office gave")
    filed_on: Day | None = Field(default=None, description="left out, today")


class FiledRead(Output):
    idea_id: UUID
    right_id: UUID
    kind: FiledAs
    title: str
    legal_status: LegalStatus
    filed_at: datetime
