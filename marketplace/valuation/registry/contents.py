"""What is inside a published model, by kind. Whoever pulls one can compute with it alone."""

import hashlib
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

import orjson
from pydantic import Field, field_validator, model_validator

from marketplace.kernel.schemas import Input
from marketplace.valuation.indicators import CATEGORIES, Category, Indicator
from marketplace.valuation.library.discount_rates import PremiumTable
from marketplace.valuation.registry.errors import FormulaStraysError

TABLE_TOLERANCE: Final = 0.0002
MICRO: Final = 1_000_000
"""Weights are exact to six decimals, so that they sum to one exactly."""


class ModelKind(StrEnum):
    METHOD = "method"
    PREMIUM_TABLE = "premium_table"
    WEIGHT_SET = "weight_set"
    RATING = "rating"


class Method(StrEnum):
    RELIEF_FROM_ROYALTY = "relief_from_royalty"
    TECHNOLOGY_FACTOR = "technology_factor"
    EXCESS_EARNINGS = "excess_earnings"
    COMPARABLES = "comparables"
    RECONCILIATION = "reconciliation"
    REPLACEMENT_COST = "replacement_cost"
    ADJUSTED_REPRODUCTION = "adjusted_reproduction"
    REAL_OPTION = "real_option"
    WEIGHTED_COST = "weighted_cost"
    BUILD_UP = "build_up"
    ECONOMIC_LIFE = "economic_life"


class Convention(StrEnum):
    """A choice within a method that some purposes leave out."""

    TAX_AMORTISATION_BENEFIT = "tax_amortisation_benefit"
    TERMINAL_GROWTH = "terminal_growth"
    MID_YEAR = "mid_year"
    DEBT_AFTER_TAX = "debt_after_tax"


Number = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-1e6, le=1e6)]
Share = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1)]
Matrix = Annotated[
    list[Annotated[list[Number], Field(min_length=1, max_length=9)]],
    Field(min_length=1, max_length=9),
]


class MethodContent(Input):
    """A method of calculation, and the conventions that it leaves out."""

    kind: Literal[ModelKind.METHOD]
    method: Method
    excludes: list[Convention] = Field(default=[], max_length=8)

    @property
    def name(self) -> str:
        return self.method


class PrintedPremium(Input):
    score: Number
    premium: Number


class PremiumContent(Input):
    """A table of commercialisation premiums: y = slope·ln(score/10 - 1) + intercept, as printed."""

    kind: Literal[ModelKind.PREMIUM_TABLE]
    printed: list[PrintedPremium] = Field(min_length=2, max_length=50)
    slope: Number
    intercept: Number

    @property
    def name(self) -> str:
        return "commercialisation_premium"

    def table(self) -> PremiumTable:
        printed = {point.score: point.premium for point in self.printed}
        return PremiumTable(printed, self.slope, self.intercept)

    def check(self) -> None:
        """Raises FormulaStraysError or ScoreOutsideTableError: no table to publish."""
        if self.table().largest_difference() > TABLE_TOLERANCE:
            raise FormulaStraysError


class PairComparisons(Input):
    """How many times as important each is as each other: of the categories, and within each."""

    categories: Matrix
    within: dict[Category, Matrix] = Field(min_length=len(Category), max_length=len(Category))


class WeightSetContent(Input):
    """Weights of the fourteen indicators: as given, or as comparisons in pairs make them.

    `entropy_share` is 1 - α of the dynamic mix: how much the spread of the cohort's own values
    corrects them.
    """

    kind: Literal[ModelKind.WEIGHT_SET]
    weights: dict[Indicator, Share] | None = None
    comparisons: PairComparisons | None = None
    entropy_share: Share = 0.0

    @property
    def name(self) -> str:
        return "patent_rating_weights"

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.weights is None and self.comparisons is None:
            raise ValueError("give the weights, or the comparisons that make them")
        return self


class ScreeningRules(Input):
    """What is not worth rating. Terms of protection are by kind of right, in years."""

    term_years: dict[Literal["patent", "utility_model"], Annotated[int, Field(strict=True, gt=0)]]
    characters_min: Annotated[int, Field(strict=True, ge=0, le=10_000)]
    granted_only: bool


class TextRules(Input):
    """How texts become vectors, and vectors clusters.

    Words of letters are cut into n-grams, and so are runs of Chinese, Japanese and Korean, where
    words are not always apart. `ipc_weight` brings languages together: 0 clusters by text alone.
    """

    letters_ngram: Annotated[int, Field(strict=True, ge=2, le=8)]
    cjk_ngram: Annotated[int, Field(strict=True, ge=1, le=4)]
    hash_bits: Annotated[int, Field(strict=True, ge=10, le=18)]
    ipc_weight: Share
    passes_max: Annotated[int, Field(strict=True, ge=1, le=100)]
    clusters_max: Annotated[int, Field(strict=True, ge=2, le=200)]


class RatingContent(Input):
    """A rating model: what is screened out, how texts are compared, how grades are given."""

    kind: Literal[ModelKind.RATING]
    screening: ScreeningRules
    text: TextRules
    recent_years: Annotated[int, Field(strict=True, ge=1, le=20)]
    cohort_min: Annotated[int, Field(strict=True, ge=2, le=10_000)]
    coverage_min: Share
    grades: list[Annotated[str, Field(pattern=r"^[A-C]{1,3}$")]] = Field(
        min_length=2, max_length=12
    )
    grade_percents: list[Annotated[int, Field(strict=True, gt=0, le=100)]]

    @property
    def name(self) -> str:
        return "patent_rating"

    @field_validator("grade_percents")
    @classmethod
    def _whole(cls, percents: list[int]) -> list[int]:
        if sum(percents) != 100:  # noqa: PLR2004 - per cent
            raise ValueError("the percentages of the grades sum to 100")
        return percents

    @model_validator(mode="after")
    def _matched(self) -> Self:
        if len(self.grades) != len(self.grade_percents):
            raise ValueError("each grade has one percentage")
        return self


Content = Annotated[
    MethodContent | PremiumContent | WeightSetContent | RatingContent, Field(discriminator="kind")
]


def canonical(content: dict[str, Any]) -> bytes:
    """JSON with sorted keys, no spaces and UTF-8: what the published SHA-256 is of."""
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def content_hash(content: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(content)).hexdigest()


def is_whole(weights: dict[Indicator, float]) -> bool:
    """Whether all fourteen are there, exact to six decimals, and sum to one exactly."""
    exact = [Decimal(str(weight)) for weight in weights.values()]
    fine = all(one * MICRO == int(one * MICRO) for one in exact)
    return set(weights) == set(Indicator) and fine and sum(exact) == 1


def in_order(within: dict[Category, Any]) -> list[tuple[Category, tuple[Indicator, ...], Any]]:
    """Each category with its indicators and what is said of them."""
    return [(category, CATEGORIES[category], within[category]) for category in Category]
