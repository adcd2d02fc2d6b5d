from typing import Final

from marketplace.assets import api as assets_api
from marketplace.assets import errors as assets_errors
from marketplace.assets import personal_data as assets_personal_data
from marketplace.assets.alerts import api as alerts_api
from marketplace.assets.alerts import service as alerts_service
from marketplace.assets.consents import api as consents_api
from marketplace.assets.consents import errors as consents_errors
from marketplace.assets.consents.lifecycle import CONSENT
from marketplace.assets.consents.models import Consent
from marketplace.assets.encumbrances import api as encumbrances_api
from marketplace.assets.encumbrances import errors as encumbrances_errors
from marketplace.assets.encumbrances import personal_data as encumbrances_personal_data
from marketplace.assets.encumbrances import service as encumbrances_service
from marketplace.assets.encumbrances.certificates import api as certificates_api
from marketplace.assets.encumbrances.certificates.models import EncumbranceCertificate
from marketplace.assets.encumbrances.consents import api as holders_consents_api
from marketplace.assets.encumbrances.lifecycle import ENCUMBRANCE
from marketplace.assets.encumbrances.models import Encumbrance, EncumbranceVersion
from marketplace.assets.filings import api as filings_api
from marketplace.assets.legal_rules import api as legal_rules_api
from marketplace.assets.legal_rules import errors as legal_rules_errors
from marketplace.assets.register import api as register_api
from marketplace.assets.register import models as register_models
from marketplace.assets.standing import api as standing_api
from marketplace.assets.standing import errors as standing_errors
from marketplace.assets.standing import service as standing_service
from marketplace.assets.title import api as title_api
from marketplace.assets.title import errors as title_errors
from marketplace.assets.title.models import Conveyance
from marketplace.kernel.clocks import Clock
from marketplace.kernel.events import Consumer
from marketplace.wiring.domain import Domain

ASSETS: Final = Domain(
    routers=(
        assets_api.router,
        filings_api.router,
        title_api.router,
        standing_api.router,
        alerts_api.router,
        register_api.router,
        legal_rules_api.router,
        consents_api.router,
        encumbrances_api.right_router,
        encumbrances_api.router,
        holders_consents_api.router,
        certificates_api.right_router,
        certificates_api.router,
        certificates_api.keys_router,
    ),
    lifecycles=(CONSENT, ENCUMBRANCE),
    clocks=(Clock(Consent, {}), Clock(Encumbrance, {"review": encumbrances_service.review})),
    consumers=(Consumer("alerts", {"right.standing": alerts_service.on_standing}),),
    turning=(standing_service.turn,),
    constraint_errors={
        **assets_errors.CONSTRAINT_ERRORS,
        **title_errors.CONSTRAINT_ERRORS,
        **standing_errors.CONSTRAINT_ERRORS,
        **legal_rules_errors.CONSTRAINT_ERRORS,
        **consents_errors.CONSTRAINT_ERRORS,
        **encumbrances_errors.CONSTRAINT_ERRORS,
    },
    personal_data=(encumbrances_personal_data.PERSONAL_DATA, assets_personal_data.PERSONAL_DATA),
    append_only=(
        "legal_event",
        Conveyance.__tablename__,
        EncumbranceVersion.__tablename__,
        EncumbranceCertificate.__tablename__,
        register_models.RegisterCheck.__tablename__,
        register_models.Retraction.__tablename__,
    ),
)
