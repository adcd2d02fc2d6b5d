from typing import Final

from marketplace.valuation import personal_data as valuation_personal_data
from marketplace.valuation.calculations import api as calculations_api
from marketplace.valuation.rating import api as rating_api
from marketplace.valuation.rating import models as rating_models
from marketplace.valuation.registry import api as registry_api
from marketplace.valuation.registry import errors as registry_errors
from marketplace.valuation.registry import models as registry_models
from marketplace.wiring.domain import Domain

VALUATION: Final = Domain(
    routers=(registry_api.router, calculations_api.router, rating_api.router),
    constraint_errors={**registry_errors.CONSTRAINT_ERRORS},
    personal_data=(valuation_personal_data.PERSONAL_DATA,),
    append_only=(
        registry_models.ValuationModel.__tablename__,
        registry_models.ValuationModelWithdrawal.__tablename__,
        rating_models.RatingRun.__tablename__,
        rating_models.Rating.__tablename__,
    ),
)
