from typing import Annotated

from fastapi import Body

from marketplace.accounts.calendar import Today
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.valuation.access import Calculator
from marketplace.valuation.calculations import service
from marketplace.valuation.calculations.examples import EXAMPLES
from marketplace.valuation.calculations.schemas import CalculationRead, CalculationRequest
from marketplace.valuation.errors import (
    IMPOSSIBLE,
    ConventionExcludedError,
    ModelNotAllowedError,
)

router = transactional_router(prefix="/v1/valuation/calculations", tags=["valuation"])


@router.post(
    "",
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        ModelNotAllowedError,
        ConventionExcludedError,
        UnknownCurrencyError,
        *IMPOSSIBLE,
    ),
)
async def calculate_value(
    request: Annotated[CalculationRequest, Body(openapi_examples=EXAMPLES)],
    actor: Calculator,
    session: Session,
    today: Today,
) -> CalculationRead:
    """Compute a value, a discount rate or an economic life, with every step and a range.

    Amounts are in minor units, rates are fractions (0.05 is 5 %). Values are computed in double
    precision and rounded half up to the minor unit once, at the end. Nothing is stored.
    """
    return await service.calculate(session, request.root, today=today)
