"""What every calculation takes beside its own numbers."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, model_validator

from marketplace.kernel.money import AMOUNT_MINOR_MAX
from marketplace.kernel.schemas import Currency, Day, Input, ShortText
from marketplace.valuation.errors import TooMuchWorkError, UnknownVariableError
from marketplace.valuation.library.cash_flows import Timing
from marketplace.valuation.library.discount_rates import PremiumTable
from marketplace.valuation.library.ranges import Spread
from marketplace.valuation.library.working import Array, Worked, numbers
from marketplace.valuation.purposes import Purpose
from marketplace.valuation.registry.contents import Convention, Method

YEARS_MAX: Final = 40
VARIABLES_MAX: Final = 6
DRAWS_MAX: Final = 50_000
CELLS_MAX: Final = 1_000_000
"""Draws times years: about a tenth of a second of one core."""
AMOUNTS: Final = "amounts"
"""Varied, it multiplies every amount of the series: 0.8 to 1.2 is 20 % less or more."""

Minor = Annotated[int, Field(strict=True, ge=-AMOUNT_MINOR_MAX, le=AMOUNT_MINOR_MAX)]
MinorGiven = Annotated[int, Field(strict=True, ge=0, le=AMOUNT_MINOR_MAX)]
MinorPaid = Annotated[int, Field(strict=True, gt=0, le=AMOUNT_MINOR_MAX)]
Fraction = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
Rate = Annotated[float, Field(strict=True, ge=-0.9, le=10, allow_inf_nan=False)]
Number = Annotated[float, Field(strict=True, ge=-1e6, le=1e6, allow_inf_nan=False)]
End = Annotated[float, Field(strict=True, ge=-1e15, le=1e15, allow_inf_nan=False)]
Yearly = Annotated[list[Minor], Field(min_length=1, max_length=YEARS_MAX)]
YearlyGiven = Annotated[list[MinorGiven], Field(min_length=1, max_length=YEARS_MAX)]


class SpreadOver(Input):
    """Where an input lies. With a mode its distribution is triangular, without one uniform."""

    low: End
    high: End
    mode: End | None = None

    def spread(self) -> Spread:
        return Spread(self.low, self.high, self.mode)


Over = Annotated[
    dict[Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")], SpreadOver],
    Field(
        min_length=1,
        max_length=VARIABLES_MAX,
        description="by the name of the input; `amounts` multiplies all amounts of the series",
    ),
]


class SensitivityRange(Input):
    """The value at the ends of each input, all others as they are."""

    kind: Literal["sensitivity"]
    over: Over


class MonteCarloRange(Input):
    """The 5th to 95th percentile of independent draws; the same seed gives the same range."""

    kind: Literal["monte_carlo"]
    over: Over
    draws: Annotated[int, Field(strict=True, ge=100, le=DRAWS_MAX)] = 10_000
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**63)] = 1


Ranged = Annotated[SensitivityRange | MonteCarloRange, Field(discriminator="kind")]


class Calculation(Input):
    """What all methods have in common."""

    varies: ClassVar[tuple[str, ...]] = ()
    """Inputs that a range may go over."""

    purpose: Purpose = Field(
        default=Purpose.TRANSACTION, description="decides which editions of models are allowed"
    )
    base_date: Day | None = Field(default=None, description="left out: today")
    range: Ranged | None = None

    def model_names(self) -> list[str]:
        """The published models that it is computed with."""
        method: Method = self.method  # type: ignore[attr-defined] # each has it, as its tag
        return [method]

    def conventions(self) -> set[Convention]:
        """The choices in it that a purpose may leave out."""
        return set()

    def years(self) -> int:
        return 1

    def worked(self, drawn: Mapping[str, Array], premiums: PremiumTable | None) -> Worked:
        """Compute, with some inputs replaced by draws.

        Raises:
            ImpossibleInputError: no value follows from such numbers.
        """
        raise AssertionError  # pragma: no cover

    def check_range(self) -> None:
        """Raises UnknownVariableError or TooMuchWorkError: a range that cannot be computed."""
        for name in self.range.over if self.range else ():
            if name not in self.varies or getattr(self, name, 1) is None:
                raise UnknownVariableError(f"what may vary: {', '.join(self.varies) or 'nothing'}")
        if self.cells() > CELLS_MAX:
            raise TooMuchWorkError(f"at most {CELLS_MAX:,} draws times years")

    def cells(self) -> int:
        """How much there is to compute: draws times years."""
        draws = self.range.draws if isinstance(self.range, MonteCarloRange) else 1
        return draws * self.years()

    def taken(self, drawn: Mapping[str, Array], *names: str) -> dict[str, Any]:
        """Inputs by name, each as drawn, or as given."""
        return {
            name: drawn[name] if name in drawn else numbers(getattr(self, name)) for name in names
        }

    @staticmethod
    def scaled(amounts: list[int], drawn: Mapping[str, Array]) -> Array:
        """A series of amounts, times the factor drawn for it."""
        series = numbers(amounts)
        return series * drawn[AMOUNTS][..., None] if AMOUNTS in drawn else series


class MoneyCalculation(Calculation):
    """Its amounts, and its value, are in minor units of one currency."""

    currency: Currency


class IncomeCalculation(MoneyCalculation):
    """Amounts over years, brought to the base date."""

    discount_rate: Rate
    timing: Timing = Field(
        default=Timing.END_YEAR, description="when in its year an amount arrives"
    )
    terminal_growth: Rate | None = Field(
        default=None, description="of the years after the last; left out: the life ends"
    )

    def conventions(self) -> set[Convention]:
        used = set()
        if self.timing is Timing.MID_YEAR:
            used.add(Convention.MID_YEAR)
        if self.terminal_growth is not None:
            used.add(Convention.TERMINAL_GROWTH)
        return used

    def brought(self, drawn: Mapping[str, Array]) -> dict[str, Any]:
        """How amounts are brought to the base date."""
        names = ["discount_rate"]
        if self.terminal_growth is not None:
            names.append("terminal_growth")
        return {"timing": self.timing, **self.taken(drawn, *names)}


class Sourced(Input):
    """Whatever else is said of a number taken from somewhere."""

    source: ShortText = Field(description="where it comes from")
    excluded_because: ShortText | None = Field(
        default=None, description="why it does not count; left out: it does"
    )


class OneOf(Input):
    """A helper of types that take one of two fields."""

    either: ClassVar[tuple[str, str]]

    @model_validator(mode="after")
    def _exactly_one(self) -> "OneOf":
        given = [name for name in self.either if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give either {self.either[0]} or {self.either[1]}")
        return self
