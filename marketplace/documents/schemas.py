from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from marketplace.kernel.schemas import Input, Output, Storable, example


class ConfidentialText(Input):
    model_config = example(content="How the shelf dries an umbrella in nine minutes: …")

    content: Annotated[str, StringConstraints(min_length=1, max_length=200_000), Storable] = Field(
        description="encrypted at rest; leaves only for a logged reader"
    )


class ConfidentialVersion(Output):
    right_id: UUID
    version: int
    created_at: datetime


class ConfidentialRead(ConfidentialVersion):
    content: str


class ViewRead(Output):
    version: int
    organisation_id: UUID
    user_id: UUID
    created_at: datetime
