from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from marketplace.kernel.schemas import Output


class Topic(StrEnum):
    TITLE = "title"
    STATUS = "status"
    TERM = "term"
    FEES = "fees"
    ENCUMBRANCES = "encumbrances"
    CONSENTS = "consents"
    CHALLENGES = "challenges"
    REGISTER_CHECK = "register_check"


class Verdict(StrEnum):
    CLEAR = "clear"
    ATTENTION = "attention"
    BLOCKING = "blocking"
    UNKNOWN = "unknown"


class Evidence(Output):
    source: str = Field(description="where it can be looked up")
    as_of: date | None = Field(description="the day that it speaks of")
    detail: str


class Finding(Output):
    right_id: UUID = Field(description="one of those that the deal sells or licenses")
    topic: Topic
    verdict: Verdict = Field(description="blocking: the release is refused while it is so")
    summary: str
    as_of: date | None = Field(description="until when this is known")
    evidence: list[Evidence]


class DueDiligenceSheet(Output):
    deal_id: UUID
    right_id: UUID = Field(description="the first of them")
    at: datetime
    findings: list[Finding]
    releasable: bool = Field(description="nothing of this blocks the release at this moment")
