from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, model_validator

from marketplace.assets.models import LegalEventKind
from marketplace.assets.schemas import IdentifierInput
from marketplace.kernel.schemas import Day, Input, Output, ShortText, Storable, example

RIGHTS_MAX = 10_000
EVENTS_MAX = 1_000
Code = Annotated[str, StringConstraints(min_length=1, max_length=64), Storable]
Scheme = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9.]{1,16}$")]


class RegisterEvent(Input):
    """One event as a register tells it: by its own code, or by what it means, or taken back."""

    id: ShortText | None = Field(
        default=None, description="the register's; left out, the content is the name"
    )
    code: Code | None = Field(default=None, description="translated by the table of codes")
    kind: LegalEventKind | None = None
    on: Day | None = None
    effective_on: Day | None = None
    claims: list[int] | None = Field(default=None, min_length=1, max_length=1_000)
    fee_year: int | None = Field(default=None, ge=1, le=100)
    extension_days: int | None = Field(default=None, ge=1, le=10_000)
    retracts: ShortText | None = Field(
        default=None, description="the id of the event that was none (a correction)"
    )
    raw: dict[str, Any] | None = Field(default=None, description="kept as it is")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.retracts is None and (self.on is None or (self.code or self.kind) is None):
            raise ValueError("an event has a day, and a code or a kind")
        return self


class RegisterRight(IdentifierInput):
    events: list[RegisterEvent] = Field(default_factory=list, max_length=EVENTS_MAX)


class RegisterFacts(Input):
    model_config = example(
        origin="KIPRIS",
        as_of="2026-11-20",
        scheme="ST27",
        rights=[
            {
                "number": "KR 10-1536536",
                "events": [
                    {"id": "e1", "code": "A-4-4-F10-F11-exm-PR0701", "on": "2015-07-08"},
                    {"id": "e2", "kind": "fee_paid", "fee_year": 4, "on": "2018-07-01"},
                ],
            }
        ],
    )

    origin: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,40}$")] = Field(
        description="the register; another one may contradict it"
    )
    as_of: Day = Field(description="until when the register was read")
    scheme: Scheme = Field(default="ST27", description="whose codes: ST27, INPADOC")
    rights: list[RegisterRight] = Field(min_length=1, max_length=RIGHTS_MAX)


class RegisterImported(Output):
    """What an import did; imported again, everything is known."""

    new: int = Field(description="facts that were not known")
    known: int
    retracted: int
    unknown_rights: list[str] = Field(description="numbers that nobody registered here")
    unknown_codes: list[str] = Field(description="kept as `other` until the code is in the table")
    changed: list[str] = Field(
        description="facts of a known id that say something else now; retract the old one first"
    )


class CodeLine(Input):
    scheme: Scheme
    office: Annotated[str, StringConstraints(pattern=r"^([A-Z]{2}|\*)$")]
    code: Code
    kind: LegalEventKind
    meaning: ShortText
