from datetime import datetime
from uuid import UUID

from pydantic import Field

from marketplace.financing.covenants.lifecycle import BreachState
from marketplace.financing.covenants.models import BreachKind
from marketplace.kernel.schemas import Output


class BreachRead(Output):
    id: UUID
    loan_id: UUID
    kind: BreachKind
    right_id: UUID | None
    ltv_basis_points: int | None
    state: BreachState
    version: int
    due_at: datetime | None = Field(description="until when it can be mended")
    created_at: datetime
