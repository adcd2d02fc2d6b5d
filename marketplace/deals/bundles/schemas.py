from uuid import UUID

from pydantic import Field

from marketplace.kernel.schemas import Amount, Output


class DealItemRead(Output):
    position: int
    right_id: UUID
    weight: int
    amount: Amount = Field(description="this right's part of the price; the parts sum to it")
