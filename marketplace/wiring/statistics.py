from typing import Final

from marketplace.statistics import api as statistics_api
from marketplace.statistics import models as statistics_models
from marketplace.statistics import personal_data as statistics_personal_data
from marketplace.statistics import verify as statistics_verify
from marketplace.statistics.dispersion import api as dispersion_api
from marketplace.statistics.financing import api as financing_api
from marketplace.statistics.open_data import api as open_data_api
from marketplace.wiring.domain import Domain

STATISTICS: Final = Domain(
    routers=(
        statistics_api.router,
        statistics_api.finer_router,
        dispersion_api.router,
        open_data_api.router,
        financing_api.router,
    ),
    personal_data=(statistics_personal_data.PERSONAL_DATA,),
    append_only=(
        statistics_models.PublishedFigure.__tablename__,
        statistics_models.StatisticsRelease.__tablename__,
        statistics_models.ReleasedTable.__tablename__,
    ),
    proofs=statistics_verify.CHECKS,
)
