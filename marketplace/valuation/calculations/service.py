"""Computing off the event loop, with the published models that a purpose allows."""

import asyncio
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.money import AMOUNT_MINOR_MAX
from marketplace.kernel.schemas import Amount
from marketplace.valuation.calculations.inputs import Calculation, MonteCarloRange
from marketplace.valuation.calculations.schemas import (
    AnyCalculation,
    CalculationRead,
    LineRead,
    Quantity,
    RangeRead,
    SwingRead,
)
from marketplace.valuation.errors import ConventionExcludedError, ImpossibleInputError
from marketplace.valuation.library.discount_rates import PremiumTable
from marketplace.valuation.library.ranges import monte_carlo, sensitivity
from marketplace.valuation.library.working import Array, Line, Unit, Worked
from marketplace.valuation.registry import queries
from marketplace.valuation.registry.contents import MethodContent, ModelKind, PremiumContent
from marketplace.valuation.registry.models import ValuationModel
from marketplace.valuation.registry.schemas import ModelSummary

_AT_ONCE: Final = asyncio.Semaphore(2)
"""However many ask for draws at the same time, other requests still get the processor."""
INLINE_CELLS: Final = 1_000
"""Less than this is computed faster than a thread is woken."""
DECIMALS: Final = 6
NUMBER_MAX: Final = float(AMOUNT_MINOR_MAX)


async def calculate(
    session: AsyncSession, asked: AnyCalculation, *, today: date
) -> CalculationRead:
    """Compute what is asked, with every step.

    Raises:
        ModelNotAllowedError: the purpose has no published model of the method on the base date.
        ConventionExcludedError: the model leaves out what is asked for.
        ImpossibleInputError: no value follows from such numbers.
    """
    asked.check_range()
    base_date = asked.base_date or today
    models = await queries.allowed(session, asked.model_names(), asked.purpose, base_date)
    premiums = _permitted(asked, models)
    if asked.cells() <= INLINE_CELLS:
        worked, ranged = _compute(asked, premiums)
    else:
        async with _AT_ONCE:
            worked, ranged = await asyncio.to_thread(_compute, asked, premiums)
    return CalculationRead(
        method=asked.method,
        purpose=asked.purpose,
        base_date=base_date,
        models=[ModelSummary.model_validate(model) for model in models.values()],
        inputs=asked.model_dump(mode="json"),
        lines=[_line(line) for line in worked.lines],
        result=_quantity(asked, worked.unit, float(worked.value)),
        range=ranged,
    )


def _permitted(asked: Calculation, models: Mapping[str, ValuationModel]) -> PremiumTable | None:
    """Check the conventions against the method's edition; returns the table of premiums."""
    premiums = None
    for model in models.values():
        if model.kind == ModelKind.METHOD:
            excluded = asked.conventions() & {*MethodContent(**model.content).excludes}
            if excluded:
                names = ", ".join(sorted(excluded))
                raise ConventionExcludedError(f"{names}: left out for {asked.purpose}")
        else:
            premiums = PremiumContent(**model.content).table()
    return premiums


def _compute(
    asked: AnyCalculation, premiums: PremiumTable | None
) -> tuple[Worked, RangeRead | None]:
    # What overflows is found out at the end, where nothing but finite numbers is let through.
    with np.errstate(all="ignore"):
        worked = asked.worked({}, premiums)
        return worked, _range(asked, worked, premiums)


def _range(
    asked: AnyCalculation, worked: Worked, premiums: PremiumTable | None
) -> RangeRead | None:
    unit = worked.unit

    def value(drawn: Mapping[str, Array]) -> Array:
        return asked.worked(drawn, premiums).value

    if asked.range is None:
        return None
    spreads = {name: over.spread() for name, over in asked.range.over.items()}
    if isinstance(asked.range, MonteCarloRange):
        draws, seed = asked.range.draws, asked.range.seed
        found = monte_carlo(value, spreads, draws=draws, seed=seed)
        return RangeRead(
            low=_quantity(asked, unit, found.low),
            high=_quantity(asked, unit, found.high),
            median=_quantity(asked, unit, found.median),
            mean=_quantity(asked, unit, found.mean),
            standard_error=_finite(found.standard_error),
            draws=draws,
            seed=seed,
        )
    swings = sensitivity(value, spreads)
    ends = [end for swing in swings for end in (swing.at_low, swing.at_high)]
    ends.append(float(worked.value))  # of an input that is not between its own ends
    return RangeRead(
        low=_quantity(asked, unit, min(ends)),
        high=_quantity(asked, unit, max(ends)),
        swings=[
            SwingRead(input=s.name, at_low=_finite(s.at_low), at_high=_finite(s.at_high))
            for s in swings
        ],
    )


def _quantity(asked: Calculation, unit: Unit, number: float) -> Quantity:
    amount = None
    if unit is Unit.MONEY:
        currency: str = asked.currency  # type: ignore[attr-defined] # what is money has one
        amount = Amount(amount_minor=rounded(_finite(number)), currency=currency)
    return Quantity(unit=unit, number=_finite(number), amount=amount)


def rounded(number: float) -> int:
    """To the minor unit, half away from zero, once, at the end."""
    return int(Decimal(number).quantize(Decimal(1), ROUND_HALF_UP))


def _line(line: Line) -> LineRead:
    values = [_finite(value) for value in np.ravel(line.values).tolist()]
    return LineRead(label=line.label, unit=line.unit, values=values)


def _finite(number: float) -> float:
    """A number that can be shown, to six decimals.

    Raises:
        ImpossibleInputError: it is none, or no amount of money can be that large.
    """
    if not abs(number) <= NUMBER_MAX:
        raise ImpossibleInputError("the result is larger than any amount that can be held")
    return round(number, DECIMALS)
