from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from marketplace.financing.schemes.schemas import Minor
from marketplace.kernel.schemas import Amount, Day, Input, Output, example
from marketplace.payments.online.schemas import PaymentInstructions


class CollectionReport(Input):
    model_config = example(ends_on="2027-04-01", cash_minor=120_000_000)

    ends_on: Day = Field(description="the first day after the period; it begins with the last one")
    cash_minor: Minor = Field(description="all that the receivables brought")


class TrancheRead(Output):
    position: int = Field(description="1 is paid first")
    name: str
    size: Amount
    attachment: Amount = Field(description="losses of the pool up to here do not reach it")
    detachment: Amount = Field(description="losses beyond are borne by those above")
    coupon_basis_points: int
    balance: Amount
    unpaid_interest: Amount


class PoolShareRead(Output):
    position: int
    interest_due_minor: int
    interest_minor: int
    principal_minor: int
    balance_minor: int = Field(description="after it")
    unpaid_minor: int = Field(description="interest that is still due after it")


class CollectionRead(Output):
    id: UUID
    starts_on: date
    ends_on: date
    cash: Amount
    residue: Amount = Field(description="the company's, as the holder of the equity")
    shares: list[PoolShareRead]
    distributed_at: datetime | None
    payment: PaymentInstructions | None = Field(description="how the company pays it in")
