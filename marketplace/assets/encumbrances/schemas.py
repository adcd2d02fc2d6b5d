from datetime import datetime
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from marketplace.assets.encumbrances.kinds import EncumbranceKind, UseName
from marketplace.assets.encumbrances.lifecycle import EncumbranceState
from marketplace.assets.encumbrances.scope import Scope, uses_of
from marketplace.assets.encumbrances.terms import Holder, Registration, Terms
from marketplace.assets.encumbrances.territories import Territory
from marketplace.assets.schemas import Symbol
from marketplace.kernel.schemas import (
    Amount,
    Day,
    Input,
    Moment,
    Output,
    Price,
    ShortText,
    example,
)

CLAIM_MAX: Final = 1_000


Claim = Annotated[int, Field(ge=1, le=CLAIM_MAX, strict=True)]
RegisterNumber = Annotated[ShortText, StringConstraints(max_length=64)]
ReceiptOrder = Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
ChallengeAccepted = Annotated[
    bool, Field(description="the pledgee states expressly that they accept a challenge of it")
]


class ScopeInput(Input):
    """What is licensed. Each dimension left empty has no limit."""

    claims: list[Claim] = Field(default_factory=list, max_length=CLAIM_MAX)
    territories: list[Territory] = Field(default_factory=list, max_length=250)
    fields: list[Symbol] = Field(
        default_factory=list, max_length=100, description="IPC or CPC, at any depth"
    )
    uses: list[UseName] = Field(default_factory=list, max_length=6)
    starts_at: Moment | None = Field(default=None, description="now, if left out")
    ends_at: Moment | None = Field(default=None, description="the first moment after it")

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValueError("it ends before it begins")
        return self

    def scope(self, now: datetime) -> Scope:
        return Scope(
            starts_at=self.starts_at or now,
            ends_at=self.ends_at,
            claims=tuple(sorted(set(self.claims))),
            territories=tuple(dict.fromkeys(self.territories)),
            fields=tuple(dict.fromkeys(self.fields)),
            uses=uses_of(self.uses),
        )


class EncumbranceGrant(Input):
    model_config = example(
        kind="exclusive",
        holder_organisation_id="01890a5d-0000-7000-8000-000000000002",
        scope={"territories": ["KR"], "fields": ["G06Q 10/06"], "uses": ["make", "sell"]},
        contract_on="2026-01-05",
    )

    kind: EncumbranceKind
    holder_organisation_id: UUID | None = Field(
        default=None, description="who gets it; an open licence is for everybody"
    )
    scope: ScopeInput = ScopeInput()
    secured: Price | None = Field(default=None, description="what a pledge secures")
    contract_on: Day | None = None
    effective_on: Day | None = None
    challenge_accepted: ChallengeAccepted = False

    def terms(self) -> Terms:
        secured = self.secured.money() if self.secured else None
        return Terms(secured, self.contract_on, self.effective_on, self.challenge_accepted)


class RegistrationInput(Input):
    model_config = example(
        registration_number="2026-000123", received_on="2026-01-06", receipt_order=1
    )

    registration_number: RegisterNumber
    received_on: Day = Field(description="the day of receipt, which decides on the rank")
    receipt_order: ReceiptOrder = Field(default=1, description="among those received that day")
    recorded_on: Day | None = None
    gazetted_on: Day | None = None
    effective_on: Day | None = None

    def registration(self) -> Registration:
        return Registration(
            number=self.registration_number,
            received_on=self.received_on,
            receipt_order=self.receipt_order,
            recorded_on=self.recorded_on,
            gazetted_on=self.gazetted_on,
            effective_on=self.effective_on,
        )


class RegisterEntryRecord(RegistrationInput):
    """An entry of the register that did not begin here."""

    model_config = example(
        source="KIPRIS",
        entry_id="PN2301-2026-000123",
        kind="attachment",
        holder_name="Seoul Central District Court",
        registration_number="2026-000124",
        received_on="2026-01-06",
    )

    source: ShortText
    entry_id: RegisterNumber = Field(description="what the source calls it; told again, nothing")
    kind: EncumbranceKind
    holder_organisation_id: UUID | None = None
    holder_name: ShortText | None = Field(default=None, description="of somebody outside")
    scope: ScopeInput = ScopeInput()
    secured: Price | None = None
    contract_on: Day | None = None
    challenge_accepted: ChallengeAccepted = False

    def holder(self) -> Holder:
        return Holder(self.holder_organisation_id, self.holder_name)

    def terms(self) -> Terms:
        secured = self.secured.money() if self.secured else None
        return Terms(secured, self.contract_on, challenge_accepted=self.challenge_accepted)


class RegisterChange(Input):
    """What an entry of change says; what is left out stays."""

    model_config = example(
        valid_from="2026-02-01", secured={"amount_minor": 40_000_000, "currency": "KRW"}
    )

    valid_from: Day
    secured: Price | None = None
    ends_at: Moment | None = None
    holder_organisation_id: UUID | None = Field(default=None, description="the pledge was assigned")


class RegisterDeletion(Input):
    model_config = example(valid_from="2026-03-01")

    valid_from: Day | None = Field(default=None, description="today, if left out")


class ScopeRead(Output):
    claims: list[int]
    territories: list[str]
    fields: list[str]
    uses: list[str]
    starts_at: datetime
    ends_at: datetime | None


class EncumbranceRead(Output):
    id: UUID
    right_id: UUID
    kind: EncumbranceKind
    state: EncumbranceState
    rank: int | None = Field(description="among what is registered, by order of receipt")
    holder_organisation_id: UUID | None
    holder_name: str | None
    scope: ScopeRead
    secured: Amount | None
    challenge_accepted: bool
    registration_number: str | None
    contract_on: Day | None
    effective_on: Day | None
    received_on: Day | None
    recorded_on: Day | None
    gazetted_on: Day | None
    source: str
    subject: str | None
    your_moves: list[str]
    version: int
    created_at: datetime
