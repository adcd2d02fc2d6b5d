from datetime import datetime
from uuid import UUID

from pydantic import Field

from marketplace.kernel.schemas import Input, LongText, Output, example


class SuspensionReason(Input):
    model_config = example(reason="three recordals in a row were forged")

    reason: LongText


class SuspensionRead(Output):
    organisation_id: UUID
    reason: str
    suspended_at: datetime = Field(validation_alias="created_at")
    suspended_by: UUID
    lifted_at: datetime | None
    lifted_by: UUID | None
    lifted_because: str | None
