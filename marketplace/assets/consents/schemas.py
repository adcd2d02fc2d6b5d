from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from marketplace.assets.consents.lifecycle import ConsentState
from marketplace.assets.legal_rules.terms import Act
from marketplace.kernel.schemas import Input, Output, Price, Storable, example

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Terms = Annotated[str, StringConstraints(min_length=1, max_length=100_000), Storable]
ExpiresAt = Annotated[
    AwareDatetime | None, Field(description="left out: 30 days to answer, 90 once given")
]


class ConsentsAsk(Input):
    model_config = example(act="license", terms="Non-exclusive licence, KR, 5 % of net sales.")

    act: Act
    terms: Terms = Field(description="the exact text that the owners consent to")
    counterparty_organisation_id: UUID | None = Field(
        default=None, description="left out: whoever it is"
    )
    expires_at: ExpiresAt = None


class ConsentGive(Input):
    model_config = example(
        terms_sha256="0f3c" * 16, limit={"amount_minor": 90_000_000, "currency": "KRW"}
    )

    terms_sha256: Sha256 = Field(description="of the terms that you read")
    limit: Price | None = Field(
        default=None, description="the least price, or the most that a pledge may secure"
    )
    expires_at: ExpiresAt = None
    single_use: bool = True


class ConsentRead(Output):
    id: UUID
    right_id: UUID
    act: Act
    asked_by: UUID
    organisation_id: UUID = Field(description="whose consent it is")
    counterparty_organisation_id: UUID | None
    terms: str
    terms_sha256: str = Field(description="of the UTF-8 bytes of `terms`")
    rule_id: UUID | None = Field(description="the rule of law that asks for it")
    limit_minor: int | None
    currency: str | None
    single_use: bool
    used_for: str | None
    state: ConsentState
    version: int
    due_at: datetime | None = Field(description="when it ends unanswered or unused")
    created_at: datetime
