import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.factories.encumbrances import Register


@pytest.fixture
async def register(connection: AsyncConnection) -> Register:
    """The tables themselves, inside the test's own transaction."""
    raw = await connection.get_raw_connection()
    return await Register.open(raw.driver_connection)
