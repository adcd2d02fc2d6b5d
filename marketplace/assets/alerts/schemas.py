from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from marketplace.assets.alerts.models import AlertReason
from marketplace.assets.models import LegalStatus, RightKind
from marketplace.kernel.schemas import Output


class AlertRead(Output):
    id: UUID
    right_id: UUID
    kind: RightKind
    title: str
    office: str | None
    legal_status: LegalStatus = Field(description="now")
    reason: AlertReason
    since: date = Field(description="of a fee: the last day that is paid for")
    open: bool = Field(description="whether it still threatens the right")
    created_at: datetime
