from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from marketplace.deals.audits.lifecycle import AuditState
from marketplace.deals.royalties.schemas import FiguresInput
from marketplace.kernel.schemas import Amount, Input, LongText, Output, example
from marketplace.listings.licensing.terms import Minor

FINDINGS_MAX = 120
_FINDING = {
    "number": 1,
    "lines": [
        {
            "right_id": "019b7a10-5f5e-7c3d-8a47-1f0e9d3c2b1a",
            "territory": "KR",
            "gross_minor": 4_000_000_000,
        }
    ],
}


class Finding(FiguresInput):
    """What one period's figures should have been."""

    number: Annotated[int, Field(ge=1, le=600, strict=True)] = Field(description="of the period")


Findings = Annotated[list[Finding], Field(min_length=1, max_length=FINDINGS_MAX)]


class AuditClaim(Input):
    model_config = example(
        statement="The shop's books show 400 million more.",
        findings=[_FINDING],
        cost_minor=3_000_000,
    )

    statement: LongText
    findings: Findings
    cost_minor: Minor = Field(default=0, description="what the audit cost the licensor")


class AuditAnswer(Input):
    model_config = example(answer="Half of it was returned in the next quarter.")

    answer: LongText


class AuditDecision(Input):
    model_config = example(findings=[_FINDING])

    findings: Findings | None = Field(
        default=None, description="left out, the licensor's own findings are right"
    )


class AuditRead(Output):
    id: UUID
    licence_id: UUID
    state: AuditState
    version: int
    statement: str
    findings: list[Finding]
    cost: Amount
    answer: str | None
    under_reported: Amount | None = Field(
        description="what the periods come to beyond what was told"
    )
    correct: Amount | None = Field(description="what the audited periods come to")
    licensee_bears_cost: bool | None
    your_moves: list[str]
    created_at: datetime
