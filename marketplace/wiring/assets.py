from typing import Final

from marketplace.assets import api as assets_api
from marketplace.assets import errors as assets_errors
from marketplace.assets import personal_data as assets_personal_data
from marketplace.assets.encumbrances import api as encumbrances_api
from marketplace.assets.encumbrances import errors as encumbrances_errors
from marketplace.assets.encumbrances import personal_data as encumbrances_personal_data
from marketplace.assets.encumbrances import service as encumbrances_service
from marketplace.assets.encumbrances.certificates import api as certificates_api
from marketplace.assets.encumbrances.certificates.models import EncumbranceCertificate
from marketplace.assets.encumbrances.consents import api as consents_api
from marketplace.assets.encumbrances.lifecycle import ENCUMBRANCE
from marketplace.assets.encumbrances.models import Encumbrance, EncumbranceVersion
from marketplace.kernel.clocks import Clock
from marketplace.wiring.domain import Domain

ASSETS: Final = Domain(
    routers=(
        assets_api.router,
        encumbrances_api.right_router,
        encumbrances_api.router,
        consents_api.router,
        certificates_api.right_router,
        certificates_api.router,
        certificates_api.keys_router,
    ),
    lifecycles=(ENCUMBRANCE,),
    clocks=(Clock(Encumbrance, {"review": encumbrances_service.review}),),
    constraint_errors={
        **assets_errors.CONSTRAINT_ERRORS,
        **encumbrances_errors.CONSTRAINT_ERRORS,
    },
    personal_data=(assets_personal_data.PERSONAL_DATA, encumbrances_personal_data.PERSONAL_DATA),
    append_only=(
        "legal_event",
        EncumbranceVersion.__tablename__,
        EncumbranceCertificate.__tablename__,
    ),
)
