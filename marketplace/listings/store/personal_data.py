"""The personal data of the idea store: what persons showed there, and what they applied for."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.personal_data.registry import (
    OWN,
    Holder,
    Obligation,
    PersonalData,
    Section,
)
from marketplace.listings.store.models import StoreApplication, StoreEntry

_OF_RULES: Final = "by which rules its windows opened"
_RUNNING: Final = text(
    """
    SELECT 'store_entry:' || id AS subject, state FROM store_entry
    WHERE state IN ('open', 'selecting', 'selected')
        AND organisation_id = ANY (CAST(:ids AS uuid[]))
    ORDER BY id LIMIT 100
    """
)
_ERASE: Final = text(f"UPDATE store_entry SET teaser = 'Erased' WHERE organisation_id = {OWN}")


async def _running(session: AsyncSession, holder: Holder) -> list[Obligation]:
    rows = (await session.execute(_RUNNING, {"ids": holder.answerable_ids})).all()
    return [
        Obligation("store_entry_running", row.subject, f"an entry of the store is {row.state}")
        for row in rows
    ]


async def _erase(session: AsyncSession, holder: Holder) -> None:
    """Overwrite what was said of an application in the author's own words."""
    await session.execute(_ERASE, holder.values)


PERSONAL_DATA: Final = PersonalData(
    sections=(
        Section(
            "store_entries",
            StoreEntry,
            (
                "id",
                "created_at",
                "version",
                "due_at",
                "right_id",
                "organisation_id",
                "filed_on",
                "teaser",
                "language",
                "asking_price_minor",
                "currency",
                "rounds",
                "state",
            ),
            f"organisation_id = {OWN}",
            {"rule_id": _OF_RULES, "time_zone": _OF_RULES},
        ),
        Section(
            "store_applications",
            StoreApplication,
            (
                "id",
                "created_at",
                "window_id",
                "organisation_id",
                "price_minor",
                "message",
                "withdrawn_at",
            ),
            f"organisation_id = {OWN}",
        ),
    ),
    impersonal={
        "store_rule": "what the store takes",
        "store_window": "when an application was shown",
    },
    kept={"store_application.message": "what the author of an application was told"},
    obligations=_running,
    erase=_erase,
)
