from typing import Final

from marketplace.documents import api as documents_api
from marketplace.documents import errors as documents_errors
from marketplace.documents import personal_data as documents_personal_data
from marketplace.documents.sealed import api as sealed_api
from marketplace.documents.sealed import personal_data as sealed_personal_data
from marketplace.documents.sealed.models import SealedDocumentView
from marketplace.wiring.domain import Domain

DOCUMENTS: Final = Domain(
    routers=(documents_api.router, sealed_api.router),
    constraint_errors={**documents_errors.CONSTRAINT_ERRORS},
    personal_data=(documents_personal_data.PERSONAL_DATA, sealed_personal_data.PERSONAL_DATA),
    append_only=("document", "signature", "disclosure_view", SealedDocumentView.__tablename__),
)
