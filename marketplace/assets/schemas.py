from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from marketplace.assets.identifiers import DocumentClass, parse_ipc
from marketplace.assets.languages import Language
from marketplace.assets.models import LegalEventKind, LegalStatus, RightKind
from marketplace.kernel.schemas import Input, LongText, Output, ShortText, example


def _normal_symbol(text: str) -> str:
    return parse_ipc(text).symbol


Symbol = Annotated[
    str,
    StringConstraints(min_length=1, max_length=32),
    AfterValidator(_normal_symbol),
    Field(description="IPC or CPC symbol", examples=["G06Q 50/18"]),
]


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
    created_at: datetime


class RightDetail(RightRead):
    identifiers: list[IdentifierRead]
    owner_organisation_id: UUID | None


class LegalEventRecord(Input):
    model_config = example(
        kind="granted", occurred_on="2026-01-05", source="patent gazette 2026-01, page 17"
    )

    kind: LegalEventKind
    occurred_on: date
    source: ShortText = Field(description="where it can be looked up: gazette, register extract")


class LegalEventRead(Output):
    id: UUID
    kind: LegalEventKind
    occurred_on: date
    source: str
    created_at: datetime
