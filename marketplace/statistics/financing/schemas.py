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


class FinancingDefinitions(Output):
    """What the figures are, so that they are not read as something else."""

    nature: str = "flows: what left a stage, and what ended, of all that began in the period"
    counting_unit: str = "a financing request, a loan or a demand, once"
    date_basis: str = "the day on which it began, in UTC; the period is half-open"
    denominator: str = "of each rate `of`: requests, loans paid out, called loans that are over"
    amounts: str = "none: times and rates alone; new supply in money is in `/v1/statistics/series`"


class FinancingFigures(Output):
    since: date
    until: date = Field(description="the first day that is not counted any more")
    definitions: FinancingDefinitions = Field(default_factory=FinancingDefinitions)
    stages: list[StageRead]
    approval: RateRead = Field(description="requests whose borrower accepted an offer")
    default: RateRead = Field(description="loans paid out that were called")
    recovery: RateRead = Field(
        description="of called loans that are over: what of the principal came back, later too"
    )
