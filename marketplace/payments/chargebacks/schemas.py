from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from marketplace.kernel.schemas import Amount, Input, Output, Storable, example
from marketplace.payments.chargebacks.lifecycle import ChargebackState

EVIDENCE_LENGTH_MAX = 20_000
"""What Stripe takes as text."""


class ChargebackRead(Output):
    id: UUID
    state: ChargebackState
    subject: str
    reason: str
    amount: Amount
    taken: Amount = Field(description="what it took of the payment; the payer owes it")
    lost: Amount = Field(description="what it took beyond the payment")
    evidence_due_at: datetime | None
    evidence: str | None
    failure: str | None = Field(description="why Stripe refused the last call about it")
    created_at: datetime


class EvidenceSubmit(Input):
    model_config = example(evidence="Agreement signed 2026-11-02; register extract 2026-11-20.")

    evidence: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=EVIDENCE_LENGTH_MAX),
        Storable,
    ]
