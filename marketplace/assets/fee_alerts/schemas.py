from datetime import date
from uuid import UUID

from pydantic import Field

from marketplace.assets.models import RightKind
from marketplace.kernel.schemas import Output


class FeeAlertRead(Output):
    right_id: UUID = Field(validation_alias="id")
    kind: RightKind
    title: str
    office: str | None
    fees_paid_until: date = Field(description="the last day that is paid for")
    last_day: date | None = Field(description="of the right's term, as if all fees were paid")


class FeeAlertPage(Output):
    items: list[FeeAlertRead]
    next: str | None
