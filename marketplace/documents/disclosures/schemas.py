from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from marketplace.documents.disclosures.lifecycle import DisclosureState
from marketplace.kernel.schemas import Input, Moment, Output, ShortText, example

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
SymbolPrefix = Annotated[
    str,
    StringConstraints(pattern=r"^[A-HY]([0-9]{2}([A-Z]( [0-9]{1,4}(/[0-9]{2,6})?)?)?)?$"),
    Field(description="a section, class, subclass or group of IPC or CPC", examples=["G06Q"]),
]


class DisclosurePropose(Input):
    model_config = example(
        organisation_id="019b7a10-5f5e-7c3d-8a47-1f0e9d3c2b1a",
        purpose="evaluation for a licence",
        expires_at="2027-01-31T00:00:00+09:00",
        known_days=14,
    )

    organisation_id: UUID
    user_id: UUID | None = Field(default=None, description="left out: everybody there")
    purpose: ShortText = Field(description="what they may use it for, and nothing else")
    expires_at: Moment
    known_days: int = Field(
        default=14,
        ge=1,
        le=90,
        strict=True,
        description="after a first reading, to say that it was known already",
    )


class AgreementSign(Input):
    model_config = example(sha256="0" * 64)

    sha256: Sha256 = Field(description="of the agreement that you have read")


class KnownDeclare(Input):
    model_config = example(proof_id="019b7a10-5f5e-7c3d-8a47-1f0e9d3c2b1a")

    proof_id: UUID = Field(description="of a document of yours, time-stamped before you read")


class KnownRead(Output):
    proof_id: UUID
    commitment: str = Field(description="opened in a dispute; tells nothing before")
    timestamped_at: datetime
    first_read_at: datetime
    declared_at: datetime


class SignerRead(Output):
    organisation_id: UUID
    user_id: UUID
    signed_at: datetime


class DisclosureRead(Output):
    id: UUID
    right_id: UUID
    owner_organisation_id: UUID
    recipient_organisation_id: UUID
    recipient_user_id: UUID | None
    purpose: str
    expires_at: datetime
    known_days: int
    state: DisclosureState
    version: int
    created_at: datetime


class DisclosureDetail(DisclosureRead):
    agreement: str
    sha256: str = Field(description="of the agreement, to sign it by")
    signatures: list[SignerRead]
    known: list[KnownRead]
    your_moves: list[str]


class UnwantedAdd(Input):
    model_config = example(classification="G06Q")

    classification: SymbolPrefix | None = None
    author_organisation_id: UUID | None = None

    @model_validator(mode="after")
    def _one_reason(self) -> Self:
        if (self.classification is None) == (self.author_organisation_id is None):
            raise ValueError("name a classification, or an organisation")
        return self


class UnwantedRead(Output):
    id: UUID
    classification: str | None
    author_organisation_id: UUID | None
    created_at: datetime
