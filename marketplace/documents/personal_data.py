"""The personal data of documents: what persons signed, read, and wrote in confidence."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.personal_data.registry import OWN, Holder, PersonalData, Section
from marketplace.documents.models import (
    ConfidentialBody,
    DisclosureGrant,
    DisclosureView,
    Document,
    Signature,
)

_OWNED: Final = (
    f"SELECT right_id FROM ownership WHERE organisation_id = {OWN} AND owned_until IS NULL"
)
_CIPHER: Final = "encrypted: GET /v1/rights/{right_id}/confidential-text shows and logs it"
_DESTROY: Final = text(f"DELETE FROM confidential_body WHERE right_id IN ({_OWNED})")


async def _erase(session: AsyncSession, holder: Holder) -> None:
    """Destroy the confidential texts of ideas that are still theirs, with their keys."""
    await session.execute(_DESTROY, holder.values)


PERSONAL_DATA: Final = PersonalData(
    sections=(
        Section(
            "agreements",
            Document,
            ("id", "created_at", "subject", "sha256", "media_type", "content"),
            f"sha256 IN (SELECT sha256 FROM signature WHERE organisation_id = {OWN})",
        ),
        Section(
            "signatures",
            Signature,
            ("id", "created_at", "subject", "sha256", "organisation_id", "user_id"),
            "user_id = :user_id",
        ),
        Section(
            "confidential_texts",
            ConfidentialBody,
            ("id", "created_at", "right_id", "version"),
            f"right_id IN ({_OWNED})",
            {"key_id": _CIPHER, "wrapped_key": _CIPHER, "ciphertext": _CIPHER},
        ),
        Section(
            "disclosures",
            DisclosureGrant,
            (
                "id",
                "created_at",
                "right_id",
                "organisation_id",
                "purpose",
                "granted_by",
                "revoked_at",
            ),
            f"organisation_id = {OWN} OR granted_by = {OWN}",
        ),
        Section(
            "disclosure_views",
            DisclosureView,
            ("id", "created_at", "right_id", "version", "organisation_id", "user_id"),
            "user_id = :user_id",
        ),
    ),
    kept={
        "document.content": "an agreement that two parties signed by its hash: the other party's"
        " evidence, which a changed letter would destroy",
        "signature.user_id": "who signed, by a random number",
        "disclosure_view.user_id": "who read an idea, by a random number: its owner's evidence",
    },
    erase=_erase,
)
