"""Several writes of several domains, sent as one statement.

A round trip costs more than most of what it asks for. Each domain keeps the text of its own write,
as common table expressions with named parameters; who uses them together joins them here.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.driver_pools import Connection

_PARAMETER: Final = re.compile(r"(?<!:):([a-z_]+)")


class Statement:
    """Common table expressions, and the SELECT of the one value that tells how it went.

    All of them see the database as it was before; none may touch a row of another.
    """

    def __init__(self, *parts: str, select: str) -> None:
        named = f"WITH {', '.join(parts)} {select}"
        self.parameters = tuple(dict.fromkeys(_PARAMETER.findall(named)))
        numbers = {name: f"${place}" for place, name in enumerate(self.parameters, start=1)}
        self.sql = _PARAMETER.sub(lambda found: numbers[found[1]], named)
        self._text = text(named)

    async def run(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """Execute on a driver connection, inside its transaction."""
        return await connection.fetchval(self.sql, *(values[name] for name in self.parameters))

    async def execute(self, session: AsyncSession, values: Mapping[str, Any]) -> Any:
        """Execute in a session's transaction."""
        return (await session.execute(self._text, dict(values))).scalar_one()
