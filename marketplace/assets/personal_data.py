"""The personal data of the register: what persons own, and the ideas they described."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.personal_data.registry import (
    OWN,
    Holder,
    PersonalData,
    Section,
    events_about,
)
from marketplace.assets.models import LegalEvent, Ownership, Right, RightIdentifier

_OWNED: Final = f"SELECT right_id FROM ownership WHERE organisation_id = {OWN}"
_RIGHTS: Final = f"SELECT id FROM ip_right WHERE registered_by = {OWN} OR id IN ({_OWNED})"
_ERASE_IDEAS: Final = text(
    "UPDATE ip_right SET title = 'Erased', abstract = NULL, classifications = '{}'"
    f" WHERE kind = 'idea' AND id IN ({_OWNED} AND owned_until IS NULL)"
)


async def _erase(session: AsyncSession, holder: Holder) -> None:
    """Overwrite the descriptions of ideas that are still theirs; patents are public facts."""
    await session.execute(_ERASE_IDEAS, holder.values)


PERSONAL_DATA: Final = PersonalData(
    sections=(
        Section(
            "rights",
            Right,
            (
                "id",
                "created_at",
                "kind",
                "title",
                "abstract",
                "language",
                "office",
                "classifications",
                "legal_status",
                "registered_by",
                "burdened_at",
            ),
            f"id IN ({_RIGHTS})",
        ),
        Section(
            "right_identifiers",
            RightIdentifier,
            (
                "id",
                "created_at",
                "right_id",
                "office",
                "document_class",
                "normalized",
                "kind_code",
                "display",
                "raw",
            ),
            f"right_id IN ({_RIGHTS})",
        ),
        Section(
            "ownerships",
            Ownership,
            (
                "id",
                "created_at",
                "right_id",
                "organisation_id",
                "owned_from",
                "owned_until",
                "basis",
            ),
            f"organisation_id = {OWN}",
        ),
        Section(
            "legal_events",
            LegalEvent,
            ("id", "created_at", "right_id", "kind", "occurred_on", "source", "recorded_by"),
            f"right_id IN ({_RIGHTS})",
        ),
        events_about("right_events", "right", _RIGHTS),
    ),
    impersonal={"right_reservation": "which deal holds a right, by ids"},
    kept={
        "ip_right.title": "of a patent, utility model or design, which a public register tells, and"
        " of an idea that was sold, which is the buyer's",
        "ip_right.abstract": "likewise",
        "right_identifier.display": "a number in a public register",
        "legal_event.source": "the evidence of a fact about a right, which its owners rely on",
    },
    erase=_erase,
)
