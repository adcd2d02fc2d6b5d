from datetime import date

from pydantic import Field

from marketplace.kernel.schemas import Output


class StageRead(Output):
    kind: str = Field(description="`financing_request`, `loan` or `demand`")
    stage: str = Field(description="the state that was left")
    passed: int
    typical_seconds: float = Field(description="median")
    slow_seconds: float = Field(description="nine of ten were faster")


class RateRead(Output):
    of: int = Field(description="how many it is a share of")
    basis_points: int | None = Field(description="null when there were none")


class FinancingFigures(Output):
    since: date
    until: date = Field(description="the first day that is not counted any more")
    stages: list[StageRead]
    approval: RateRead = Field(description="requests whose borrower accepted an offer")
    default: RateRead = Field(description="loans paid out that were called")
    recovery: RateRead = Field(
        description="of called loans that are over: what of the principal came back, later too"
    )
