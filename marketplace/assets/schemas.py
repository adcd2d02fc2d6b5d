from datetime import date, datetime
from fractions import Fraction
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from marketplace.assets.identifiers import DocumentClass, parse_ipc
from marketplace.assets.languages import Language
from marketplace.assets.models import LegalStatus, RightKind
from marketplace.kernel.schemas import Day, Input, LongText, Output, ShortText, example


def _normal_symbol(text: str) -> str:
    return parse_ipc(text).symbol


Symbol = Annotated[
    str,
    StringConstraints(min_length=1, max_length=32),
    AfterValidator(_normal_symbol),
    Field(description="IPC or CPC symbol", examples=["G06Q 50/18"]),
]


TITLE_PARTS_MAX: Final = 10**9
"""How fine a share of a right may be."""


class IdentifierInput(Input):
    number: Annotated[str, StringConstraints(min_length=1, max_length=64)] = Field(
        examples=["KR 10-1536536"]
    )
    office: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = Field(
        default=None, description="WIPO ST.3 code; needed where the number does not tell"
    )
    document_class: DocumentClass | None = Field(
        default=None, description="needed where the number does not tell"
    )


class TitleShare(Input):
    """An exact part of a whole, as 1/3."""

    model_config = ConfigDict(
        extra="forbid",
        from_attributes=True,
        json_schema_extra={"examples": [{"numerator": 1, "denominator": 3}]},
    )

    numerator: Annotated[int, Field(ge=1, le=TITLE_PARTS_MAX, strict=True)]
    denominator: Annotated[int, Field(ge=1, le=TITLE_PARTS_MAX, strict=True)]

    @model_validator(mode="after")
    def _at_most_whole(self) -> Self:
        if self.numerator > self.denominator:
            raise ValueError("a share is not more than the whole")
        return self

    def fraction(self) -> Fraction:
        return Fraction(self.numerator, self.denominator)


class OwnerInput(Input):
    model_config = example(
        organisation_id="019b7a10-5f5e-7c3d-8a47-1f0e9d3c2b1a",
        share={"numerator": 1, "denominator": 3},
    )

    organisation_id: UUID
    share: TitleShare


class RightRegister(Input):
    model_config = example(
        kind="patent",
        title="이중 양도를 막는 권리 확인 방법",
        abstract="등록 상태를 거래 직전에 다시 확인한다.",
        language="ko",
        identifier={"number": "KR 10-1536536"},
        classifications=["G06Q 50/18"],
    )

    kind: RightKind
    title: ShortText
    abstract: LongText | None = Field(
        default=None, description="public; the confidential text of an idea is put separately"
    )
    language: Language
    identifier: IdentifierInput | None = None
    filed_on: Day | None = Field(
        default=None, description="at its office; left out, today, until a register tells"
    )
    owners: Annotated[list[OwnerInput], Field(min_length=1, max_length=100)] | None = Field(
        default=None, description="left out: your organisation alone; else it is one of them"
    )
    classifications: list[Symbol] = Field(default_factory=list, max_length=30)


class IdentifierRead(Output):
    office: str
    document_class: DocumentClass
    normalized: str
    kind_code: str | None
    display: str


class RightRead(Output):
    id: UUID
    kind: RightKind
    title: str
    abstract: str | None
    language: str
    office: str | None
    classifications: list[str]
    legal_status: LegalStatus
    last_day: date | None = Field(description="of the term, by the rule of the jurisdiction")
    created_at: datetime


class OwnerRead(Output):
    organisation_id: UUID
    share: TitleShare


class RightDetail(RightRead):
    identifiers: list[IdentifierRead]
    owner_organisation_id: UUID | None = Field(description="the only owner; null if there are more")
    owners: list[OwnerRead]
