from datetime import datetime
from uuid import UUID

from pydantic import Field

from marketplace.kernel.schemas import Input, Moment, Output, ShortText, example
from marketplace.valuation.purposes import Purpose


class PolicyTerms(Input):
    client_may_name: bool = Field(description="whether a client may name the institution")
    answer_hours: int = Field(ge=1, le=720, strict=True, description="to accept or decline")
    work_days: int = Field(ge=1, le=365, strict=True, description="from acceptance to the report")
    pause_days_max: int = Field(
        ge=0, le=365, strict=True, description="waiting for documents, in all"
    )
    accept_days: int = Field(
        ge=1, le=90, strict=True, description="after which a delivered valuation is accepted"
    )
    top_k: int = Field(ge=1, le=100, strict=True, description="how many the draw is among")
    same_client_max: int = Field(
        ge=1, le=10_000, strict=True, description="cases of one client's group in so many days"
    )
    same_client_days: int = Field(ge=1, le=3_650, strict=True)
    revaluation_months: int | None = Field(
        default=None,
        ge=0,
        le=600,
        strict=True,
        description="how long who valued a right does not value it again; null: never",
    )
    spread_limit_basis_points: int = Field(
        ge=0,
        le=100_000,
        strict=True,
        description="between two blind values, over their middle; beyond it a third is ordered",
    )


class PolicySet(PolicyTerms):
    model_config = example(
        purpose="loan",
        client_may_name=False,
        answer_hours=48,
        work_days=14,
        pause_days_max=14,
        accept_days=7,
        top_k=3,
        same_client_max=5,
        same_client_days=365,
        revaluation_months=None,
        spread_limit_basis_points=3_000,
        valid_from="2027-01-01T00:00:00+09:00",
        reason="committee of 2026-12-01",
    )

    purpose: Purpose
    valid_from: Moment | None = Field(default=None, description="left out: from now")
    reason: ShortText


class PolicyRead(Output):
    id: UUID
    purpose: Purpose
    client_may_name: bool
    answer_hours: int
    work_days: int
    pause_days_max: int
    accept_days: int
    top_k: int
    same_client_max: int
    same_client_days: int
    revaluation_months: int | None
    spread_limit_basis_points: int
    valid_from: datetime
    valid_until: datetime | None
    reason: str
