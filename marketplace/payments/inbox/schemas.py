from datetime import datetime

from marketplace.kernel.schemas import Output


class EventReceived(Output):
    received: bool = True


class ProviderEventRead(Output):
    external_id: str
    type: str
    outcome: str | None
    created_at: datetime
    handled_at: datetime | None
