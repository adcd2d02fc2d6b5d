"""A person's data as they may have it: every section of every domain."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.personal_data.registry import Holder, PersonalData, Section
from marketplace.kernel.db import METADATA, now

ROWS_MAX: Final = 20_000
"""Of one section, so that a file fits into memory."""

_ORGANISATIONS: Final = text(
    """
    SELECT o.id, o.kind = 'person' AS is_own FROM membership m
    JOIN organisation o ON o.id = m.organisation_id
    WHERE m.user_id = :user_id AND (o.kind = 'person' OR NOT EXISTS (
        SELECT FROM membership other
        WHERE other.organisation_id = o.id AND other.user_id <> :user_id))
    ORDER BY o.id
    """
)


async def holder_of(session: AsyncSession, user_id: UUID) -> Holder:
    """A person with the organisations that are theirs alone."""
    rows = (await session.execute(_ORGANISATIONS, {"user_id": user_id})).all()
    own = [row.id for row in rows if row.is_own]
    return Holder(user_id, own, [row.id for row in rows if not row.is_own])


async def export(
    session: AsyncSession, user_id: UUID, registry: Sequence[PersonalData]
) -> dict[str, Any]:
    """Everything that is known of a person, section by section: first who they are."""
    holder = await holder_of(session, user_id)
    sections = [section for domain in reversed(registry) for section in domain.sections]
    found = {section.name: await _rows(session, section, holder) for section in sections}
    return {
        "user_id": user_id,
        "exported_at": now(session),
        "sections": {name: rows[:ROWS_MAX] for name, rows in found.items()},
        "left_out": {section.name: section.left_out for section in sections if section.left_out},
        "cut_short": [name for name, rows in found.items() if len(rows) > ROWS_MAX],
    }


async def _rows(session: AsyncSession, section: Section, holder: Holder) -> list[dict[str, Any]]:
    rows = await session.execute(text(_statement(section)), holder.values)
    return [dict(row) for row in rows.mappings()]


def _statement(section: Section) -> str:
    table = METADATA.tables[str(section.model.__tablename__)]
    columns = ", ".join(f'"{column}"' for column in section.columns)
    key = ", ".join(column.name for column in table.primary_key)
    return (
        f'SELECT {columns} FROM "{table.name}" WHERE {section.where}'
        f" ORDER BY {key} LIMIT {ROWS_MAX + 1}"
    )
