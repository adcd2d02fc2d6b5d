"""The personal data of disclosures: to whom ideas were shown, and what is not wanted."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.personal_data.registry import OWN, Holder, PersonalData, Section
from marketplace.documents.disclosures.models import Disclosure, KnownDeclaration, UnwantedIdea

_FORGET: Final = text(f"DELETE FROM unwanted_idea WHERE organisation_id = {OWN}")


async def _erase(session: AsyncSession, holder: Holder) -> None:
    await session.execute(_FORGET, holder.values)


PERSONAL_DATA: Final = PersonalData(
    sections=(
        Section(
            "agreements_on_confidentiality",
            Disclosure,
            (
                "id",
                "created_at",
                "state",
                "version",
                "due_at",
                "right_id",
                "owner_organisation_id",
                "recipient_organisation_id",
                "recipient_user_id",
                "purpose",
                "expires_at",
                "known_days",
            ),
            f"owner_organisation_id = {OWN} OR recipient_organisation_id = {OWN}"
            " OR recipient_user_id = :user_id",
        ),
        Section(
            "declared_as_known",
            KnownDeclaration,
            (
                "id",
                "created_at",
                "disclosure_id",
                "proof_id",
                "timestamped_at",
                "first_read_at",
                "declared_by",
            ),
            "declared_by = :user_id",
        ),
        Section(
            "unwanted_ideas",
            UnwantedIdea,
            ("id", "created_at", "organisation_id", "classification", "author_organisation_id"),
            f"organisation_id = {OWN}",
        ),
    ),
    kept={
        "disclosure.purpose": "a part of an agreement that two sides signed",
        "disclosure.recipient_user_id": "who could read, by a random number",
        "known_declaration.declared_by": "who declared, by a random number",
    },
    erase=_erase,
)
