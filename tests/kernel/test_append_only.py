import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.wiring import APPEND_ONLY, TABLES

STATEMENTS = {
    "UPDATE": "UPDATE {table} SET {column} = {column}",
    "DELETE": "DELETE FROM {table}",
    "TRUNCATE": "TRUNCATE {table} CASCADE",
}


@pytest.mark.parametrize("operation", STATEMENTS)
@pytest.mark.parametrize("table", APPEND_ONLY)
async def test_the_database_refuses_to_change_facts(
    connection: AsyncConnection, table: str, operation: str
) -> None:
    column = next(c.name for c in TABLES[table].columns if not c.primary_key)
    statement = STATEMENTS[operation].format(table=table, column=f'"{column}"')
    with pytest.raises(IntegrityError, match=f"{table} is append-only: {operation} refused"):
        await connection.execute(text(statement))


async def test_the_list_is_that_of_the_database(connection: AsyncConnection) -> None:
    query = text(
        "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " JOIN pg_proc p ON p.oid = t.tgfoid"
        " WHERE p.proname = 'refuse_change' AND t.tgenabled = 'O'"
        " AND t.tgname LIKE '%_append_only'"
    )
    found = (await connection.execute(query)).scalars()
    assert sorted(found) == sorted(APPEND_ONLY)
