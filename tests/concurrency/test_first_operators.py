"""However many first operators are created at once, they share one organisation."""

import asyncio

from sqlalchemy import text

from marketplace.accounts.people.service import create_operator
from tests.factories.world import World


async def test_operators_created_at_once_share_one_organisation(world: World) -> None:
    async def create(number: int) -> None:
        async with world.sessions.begin() as session:
            await create_operator(session, f"op{number}@example.com", "long and private", "Op")

    await asyncio.gather(*(create(number) for number in range(4)))

    query = text(
        "SELECT count(DISTINCT o.id), count(*) FROM organisation o"
        " JOIN membership m ON m.organisation_id = o.id WHERE o.kind = 'operator'"
    )
    async with world.engine.connect() as connection:
        assert tuple((await connection.execute(query)).one()) == (1, 4)
