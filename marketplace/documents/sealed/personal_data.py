"""The personal data of confidential documents."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.personal_data.registry import OWN, Holder, PersonalData, Section
from marketplace.documents.sealed.models import (
    SealedDocument,
    SealedDocumentGrant,
    SealedDocumentView,
)

_CIPHER: Final = "encrypted: GET /v1/sealed-documents/{document_id} shows and logs it"
_HIDDEN: Final = {"key_id": _CIPHER, "wrapped_key": _CIPHER, "ciphertext": _CIPHER}
_OWNED: Final = f"SELECT id FROM sealed_document WHERE organisation_id = {OWN}"
_DESTROY: Final = text(
    "UPDATE sealed_document SET name = '-', wrapped_key = '', ciphertext = ''"
    f" WHERE organisation_id = {OWN}"
)


async def _erase(session: AsyncSession, holder: Holder) -> None:
    """Destroy the documents with their keys; that they were, and who read them, stays."""
    await session.execute(_DESTROY, holder.values)


PERSONAL_DATA: Final = PersonalData(
    sections=(
        Section(
            "sealed_documents",
            SealedDocument,
            tuple(name for name in SealedDocument.model_fields if name not in _HIDDEN),
            f"organisation_id = {OWN}",
            _HIDDEN,
        ),
        Section(
            "sealed_document_grants",
            SealedDocumentGrant,
            tuple(SealedDocumentGrant.model_fields),
            f"organisation_id = {OWN} OR granted_by = :user_id OR document_id IN ({_OWNED})",
        ),
        Section(
            "sealed_document_views",
            SealedDocumentView,
            tuple(SealedDocumentView.model_fields),
            "user_id = :user_id",
        ),
    ),
    kept={
        "sealed_document_grant.granted_by": "who gave leave, by a random number",
        "sealed_document_view.user_id": "who read a document, by a random number: its owner's"
        " evidence",
    },
    erase=_erase,
)
