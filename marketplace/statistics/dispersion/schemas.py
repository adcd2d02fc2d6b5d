from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from marketplace.kernel.schemas import Currency, Day, Input, Output, ShortText, example
from marketplace.statistics.periods import Period

Count = Annotated[int, Field(ge=0, le=10**12, strict=True)]
Printed = Annotated[
    Decimal,
    Field(ge=0, le=10**9, max_digits=18, decimal_places=9, description="as printed, as a string"),
]
Applicant = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class RegionRow(Input):
    region: ShortText = Field(description="any name, or an ISO 3166-2 code")
    whole: Count = Field(description="everything that is counted there")
    together: Count | None = Field(default=None, description="of it, what two or more own")
    printed_degree: Printed | None = Field(default=None, description="in per cent")
    field: Count | None = Field(default=None, description="of it, what is of one field")

    @model_validator(mode="after")
    def _a_part_is_not_more(self) -> Self:
        if self.field is not None and self.field > self.whole:
            raise ValueError(f"of {self.region}, `field` {self.field} is a part of {self.whole}")
        return self


class PrintedTotal(Input):
    whole: Count
    together: Count
    degree: Printed | None = None


class PrintedMeasures(Input):
    label: ShortText
    regions: Annotated[int, Field(ge=1, le=10_000, strict=True)]
    std: Printed | None = None
    cv: Printed | None = None
    gini: Printed | None = None


class PlatformData(Input):
    """Released figures of this platform, by region of the seller."""

    begins: Day
    period: Period = Period.YEAR
    currency: Currency = "KRW"


class DispersionRequest(Input):
    model_config = example(
        regions=[
            {"region": "Beijing", "whole": 2640, "together": 1364, "printed_degree": "51.67"},
            {"region": "Fujian", "whole": 117, "together": 91, "printed_degree": "74.36"},
        ],
        printed_total={"whole": 2757, "together": 1451, "degree": "52.63"},
        printed_measures=[{"label": "2021", "regions": 31, "cv": "1.595", "gini": "0.970"}],
        patents=[["A", "B"], ["A", "C", "D"]],
    )

    regions: Annotated[list[RegionRow], Field(max_length=500)] | None = None
    platform: PlatformData | None = None
    printed_total: PrintedTotal | None = None
    printed_measures: Annotated[list[PrintedMeasures], Field(max_length=100)] = Field(
        default_factory=list
    )
    patents: Annotated[
        list[Annotated[list[Applicant], Field(min_length=1, max_length=12)]],
        Field(max_length=500, description="the applicants of each patent"),
    ] = Field(default_factory=list)
    fractional: bool = Field(default=False, description="a patent of k makes edges of 1/(k-1)")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.regions is not None and self.platform is not None:
            raise ValueError("give regions of your own, or ask for the platform's")
        if self.printed_total and not all(
            row.together is not None for row in self.regions or [RegionRow(region="-", whole=0)]
        ):
            raise ValueError("a printed total needs `together` in every row")
        return self


class Measures(Output):
    regions: int
    total: float
    mean: float | None
    range: float | None
    std: float | None = Field(description="with N - 1")
    cv: float | None
    gini: float | None = Field(description="locational; at most 1 - 1/N")
    hhi: float | None


class RegionMeasured(Output):
    region: str
    names: list[str] = Field(description="rows under these names are one region, and were added")
    code: str | None = Field(description="ISO 3166-2, when the name is known")
    degree: float | None = Field(description="null too where the row cannot be")
    location_quotient: float | None


class Cooperation(Output):
    degree: float = Field(description="the ratio of sums")
    mean_of_ratios: float = Field(description="of regions; another figure, and not the degree")
    below: int = Field(description="regions below the degree")


class RepairRead(Output):
    name: str
    column: str
    printed: str
    repaired: str


class AuditRead(Output):
    faults: list[str]
    repairs: list[RepairRead] = Field(description="single changes after which all fits")
    is_unique: bool
    repaired_together: Measures | None


class MeasuresJudged(Output):
    label: str
    is_possible: bool
    reasons: list[str]


class StandingRead(Output):
    applicant: str
    degree: float
    betweenness: float
    closeness: float
    constraint: float | None = Field(description="Burt's; of an isolate none")
    weighted_constraint: float | None
    effective_size: float | None


class NetworkRead(Output):
    applicants: int
    edges: int
    density: float | None
    centralisation: float | None
    standings: list[StandingRead]


class DispersionRead(Output):
    whole: Measures | None
    together: Measures | None
    cooperation: Cooperation | None
    regions: list[RegionMeasured]
    withheld: bool = Field(description="of the platform's regions some are not told")
    audit: AuditRead | None
    printed_measures: list[MeasuresJudged]
    network: NetworkRead | None
