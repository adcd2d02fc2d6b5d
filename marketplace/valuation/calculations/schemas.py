from datetime import date
from typing import Annotated, Any

from pydantic import ConfigDict, Field, RootModel

from marketplace.kernel.schemas import Amount, Output
from marketplace.valuation.calculations.examples import EXAMPLES
from marketplace.valuation.calculations.income_requests import (
    ExcessEarnings,
    RoyaltyRelief,
    TechnologyShare,
)
from marketplace.valuation.calculations.other_requests import (
    AdjustedReproduction,
    Comparables,
    RealOption,
    Reconciliation,
    ReplacementCost,
)
from marketplace.valuation.calculations.rate_requests import BuildUp, EconomicLife, WeightedCost
from marketplace.valuation.library.working import Unit
from marketplace.valuation.purposes import Purpose
from marketplace.valuation.registry.contents import Method
from marketplace.valuation.registry.schemas import ModelSummary

AnyCalculation = (
    RoyaltyRelief
    | TechnologyShare
    | ExcessEarnings
    | Comparables
    | Reconciliation
    | ReplacementCost
    | AdjustedReproduction
    | RealOption
    | WeightedCost
    | BuildUp
    | EconomicLife
)


class CalculationRequest(RootModel[Annotated[AnyCalculation, Field(discriminator="method")]]):
    """One calculation; `method` says which."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [EXAMPLES[Method.RELIEF_FROM_ROYALTY]["value"]]}
    )


class Quantity(Output):
    """A result: as computed, and where it is money, rounded half up to the minor unit."""

    unit: Unit
    number: float = Field(description="to six decimals; of money in minor units")
    amount: Amount | None = Field(description="where the unit is money")


class LineRead(Output):
    """A step: one number, or one a year."""

    label: str
    unit: Unit
    values: list[float]


class SwingRead(Output):
    """The result at the ends of one input."""

    input: str
    at_low: float
    at_high: float


class RangeRead(Output):
    """How far the result moves: by `swings` of one input at a time, or over `draws`."""

    low: Quantity
    high: Quantity
    swings: list[SwingRead] | None = None
    draws: int | None = None
    seed: int | None = None
    median: Quantity | None = None
    mean: Quantity | None = None
    standard_error: float | None = Field(default=None, description="of the mean")


class CalculationRead(Output):
    """Everything that is needed to compute it again by hand."""

    method: Method
    purpose: Purpose
    base_date: date
    models: list[ModelSummary] = Field(description="the published editions that it follows")
    inputs: dict[str, Any] = Field(description="as taken, with what was left out filled in")
    lines: list[LineRead]
    result: Quantity
    range: RangeRead | None
