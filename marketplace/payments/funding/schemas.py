from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from marketplace.kernel.schemas import CountryCode, Input, Output, ShortText, example
from marketplace.payments.funding.models import QueueReason
from marketplace.payments.lifecycle import BankEntryState
from marketplace.payments.providers.bank.bank_account import BankAccount
from marketplace.payments.providers.bank.statement import Direction


class BankAccountInput(Input):
    model_config = example(
        holder_name="홍길동", account_number="110-123-456789", bank_code="SHBKKRSE", country="KR"
    )

    holder_name: Annotated[ShortText, Field(max_length=140, examples=["홍길동"])]
    account_number: Annotated[ShortText, Field(max_length=42, examples=["110-123-456789"])]
    bank_code: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,35}$")] = Field(
        description="BIC, or the national clearing id of the bank", examples=["SHBKKRSE"]
    )
    country: CountryCode

    def account(self) -> BankAccount:
        return BankAccount(**self.model_dump())


class BankAccountOutput(Output):
    holder_name: str
    account_number: str
    bank_code: str
    country: str


class StatementRead(Output):
    id: UUID
    statement_id: str
    account: str
    currency: str
    entries: int
    new_entries: int
    sha256: str
    created_at: datetime


class StatementProgress(StatementRead):
    by_state: dict[BankEntryState, int] = Field(
        description="entries of this file by state; `received` ones are being matched"
    )


class BankEntryRead(Output):
    id: UUID
    statement_id: UUID
    external_id: str
    direction: Direction
    amount_minor: int
    currency: str
    booked_on: date
    remittance: str
    counterparty_name: str | None
    state: BankEntryState
    reason: QueueReason | None
    version: int


class EntryApply(Input):
    model_config = example(reference="IPM-7K3M-9QXD-C")

    reference: ShortText = Field(description="of the payment request it shall pay")


class EntryRefund(Input):
    model_config = example(
        account={
            "holder_name": "홍길동",
            "account_number": "110-123-456789",
            "bank_code": "SHBKKRSE",
            "country": "KR",
        }
    )

    account: BankAccountInput
