from datetime import datetime
from uuid import UUID

from marketplace.kernel.schemas import Output
from marketplace.payments.errands.models import ErrandKind


class ErrandRead(Output):
    id: UUID
    kind: ErrandKind
    target: str
    attempts: int
    error: str | None
    due_at: datetime
    created_at: datetime
