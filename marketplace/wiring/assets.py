from typing import Final

from marketplace.assets import api as assets_api
from marketplace.assets import errors as assets_errors
from marketplace.assets import personal_data as assets_personal_data
from marketplace.wiring.domain import Domain

ASSETS: Final = Domain(
    routers=(assets_api.router,),
    constraint_errors={**assets_errors.CONSTRAINT_ERRORS},
    personal_data=(assets_personal_data.PERSONAL_DATA,),
    append_only=("legal_event",),
)
