"""The personal data of documents: what persons signed, read, and wrote in confidence."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.personal_data.registry import OWN, Holder, PersonalData, Section
from marketplace.documents.files.models import ConfidentialFile
from marketplace.documents.models import (
    ConfidentialBody,
    ConfidentialHold,
    DisclosureGrant,
    DisclosureView,
    Document,
    Signature,
)
from marketplace.documents.proofs.models import ExistenceProof
from marketplace.kernel.db import now

_OWNED: Final = (
    f"SELECT right_id FROM ownership WHERE organisation_id = {OWN} AND owned_until IS NULL"
)
_CIPHER: Final = "encrypted: GET /v1/rights/{right_id}/confidential-text shows and logs it"
_SHRED: Final = tuple(
    text(
        f"UPDATE {table} SET shredded_at = :now WHERE right_id IN ({_OWNED})"
        " AND shredded_at IS NULL"
    )
    for table in ("confidential_body", "confidential_file")
)
_FILE_CIPHER: Final = "encrypted: GET /v1/rights/{right_id}/confidential-files shows it"


async def _erase(session: AsyncSession, holder: Holder) -> None:
    """Withdraw what is confidential of ideas that are still theirs: the keys are destroyed."""
    for shred in _SHRED:
        await session.execute(shred, {**holder.values, "now": now(session)})


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
            ("id", "created_at", "right_id", "version", "shredded_at", "destroyed_at"),
            f"right_id IN ({_OWNED})",
            {"key_id": _CIPHER, "wrapped_key": _CIPHER, "ciphertext": _CIPHER},
        ),
        Section(
            "confidential_files",
            ConfidentialFile,
            (
                "id",
                "created_at",
                "right_id",
                "replaces_id",
                "version",
                "media_type",
                "size_bytes",
                "expires_at",
                "stored_at",
                "shredded_at",
                "destroyed_at",
            ),
            f"right_id IN ({_OWNED})",
            {
                "name_ciphertext": _FILE_CIPHER,
                "sha256_ciphertext": _FILE_CIPHER,
                "attempt_id": "where its bytes are, an inner id",
            },
        ),
        Section(
            "existence_proofs",
            ExistenceProof,
            (
                "id",
                "created_at",
                "right_id",
                "organisation_id",
                "kind",
                "document_id",
                "version",
                "commitment",
                "batch_id",
                "position",
            ),
            f"organisation_id = {OWN}",
            {"opening_ciphertext": "encrypted: GET /v1/rights/{right_id}/proofs shows it"},
        ),
        Section(
            "confidential_holds",
            ConfidentialHold,
            ("id", "created_at", "right_id", "subject", "sealed_until", "released_at"),
            f"right_id IN ({_OWNED})",
        ),
        Section(
            "disclosures",
            DisclosureGrant,
            (
                "id",
                "created_at",
                "right_id",
                "organisation_id",
                "user_id",
                "purpose",
                "granted_by",
                "survives_transfer",
                "expires_at",
                "revoked_at",
            ),
            f"organisation_id = {OWN} OR granted_by = {OWN} OR user_id = :user_id",
        ),
        Section(
            "disclosure_views",
            DisclosureView,
            (
                "id",
                "created_at",
                "right_id",
                "version",
                "file_id",
                "grant_id",
                "organisation_id",
                "user_id",
            ),
            "user_id = :user_id",
        ),
    ),
    impersonal={
        "proof_batch": "a hash over hashes, and what an authority says of it",
        "proof_renewal": "what a later authority says of an earlier stamp",
    },
    kept={
        "document.content": "an agreement that two parties signed by its hash: the other party's"
        " evidence, which a changed letter would destroy",
        "signature.user_id": "who signed, by a random number",
        "disclosure_grant.user_id": "who could read an idea, by a random number:"
        " its owner's evidence",
        "disclosure_view.user_id": "who read an idea, by a random number: its owner's evidence",
    },
    erase=_erase,
)
