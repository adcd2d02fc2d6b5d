"""What the database holds, table by table: to prove that nothing changed, or is told."""

from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.wiring import TABLES

COUNTED = {"attempt_count"}
"""Failures to sign in stay counted, though what is refused changes nothing else."""

_CONTENTS = text(
    " UNION ALL ".join(
        f"SELECT '{name}', count(*), md5(string_agg(t::text, '' ORDER BY t::text))"  # noqa: S608
        f' FROM "{name}" t'
        for name in sorted(TABLES.keys() - COUNTED)
    )
)


async def contents(connection: AsyncConnection) -> dict[str, tuple[int, str | None]]:
    """How many rows each table has, and a digest of all; not of what counts refusals themselves."""
    rows = await connection.execute(_CONTENTS)
    return {name: (count, digest) for name, count, digest in rows}


async def values(connection: AsyncConnection) -> AsyncIterator[tuple[str, Any]]:
    """Every value of every column of every table, with the name of its column."""
    for name in sorted(TABLES):
        rows = await connection.execute(text(f'SELECT * FROM "{name}"'))  # noqa: S608
        for row in rows.mappings():
            for column, value in row.items():
                yield f"{name}.{column}", value
