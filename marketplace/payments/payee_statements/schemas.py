from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from marketplace.kernel.schemas import Amount, Output


class StatementEntryRead(Output):
    at: datetime
    transaction_id: UUID
    kind: str = Field(examples=["release"])
    description: str = Field(description="the kind in words", examples=["Price released"])
    subject: str = Field(examples=["deal:0199d1c5-7a2e-7c3f-9c55-1b1f0a3e7d21"])
    counterparty: str = Field(description="the class of the other account", examples=["held"])
    amount_minor: int = Field(description="negative when it left your account")
    set_off_minor: int = Field(
        description="how much of it made good what you owed, and is not paid out"
    )
    balance_minor: int = Field(description="after it")


class StatementRead(Output):
    """`opening` and all changes of the period make `closing`, to the minor unit."""

    organisation_id: UUID
    name: str
    currency: str
    first: date
    until: date = Field(description="the day after the last")
    time_zone: str
    opening: Amount
    credits: Amount
    debits: Amount
    closing: Amount = Field(description="negative when you owe the platform: the next are set off")
    entry_count: int
    entries: list[StatementEntryRead]
    next: str | None = Field(description="the cursor of the following entries, null at the end")
