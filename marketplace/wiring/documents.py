from typing import Final

from marketplace.documents import api as documents_api
from marketplace.documents import errors as documents_errors
from marketplace.documents import personal_data as documents_personal_data
from marketplace.documents.disclosures import api as disclosures_api
from marketplace.documents.disclosures import errors as disclosures_errors
from marketplace.documents.disclosures import personal_data as disclosures_personal_data
from marketplace.documents.disclosures.lifecycle import DISCLOSURE
from marketplace.documents.disclosures.models import Disclosure
from marketplace.documents.disclosures.service import expire
from marketplace.documents.files import api as files_api
from marketplace.documents.files import errors as files_errors
from marketplace.documents.proofs import api as proofs_api
from marketplace.documents.sealed import api as sealed_api
from marketplace.documents.sealed import personal_data as sealed_personal_data
from marketplace.documents.sealed.models import SealedDocumentView
from marketplace.kernel.clocks import Clock
from marketplace.wiring.domain import Domain

DOCUMENTS: Final = Domain(
    routers=(
        documents_api.router,
        files_api.router,
        files_api.streamed_router,
        proofs_api.router,
        disclosures_api.router,
        sealed_api.router,
    ),
    lifecycles=(DISCLOSURE,),
    clocks=(Clock(Disclosure, {"expire": expire}),),
    constraint_errors={
        **documents_errors.CONSTRAINT_ERRORS,
        **files_errors.CONSTRAINT_ERRORS,
        **disclosures_errors.CONSTRAINT_ERRORS,
    },
    personal_data=(
        disclosures_personal_data.PERSONAL_DATA,
        documents_personal_data.PERSONAL_DATA,
        sealed_personal_data.PERSONAL_DATA,
    ),
    append_only=(
        "document",
        "signature",
        "disclosure_view",
        "known_declaration",
        SealedDocumentView.__tablename__,
    ),
)
