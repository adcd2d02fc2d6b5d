"""When facts about a right were learned: each at a moment of its own, one after the other.

Whoever adds a fact holds the right's row. So the facts known at any past moment are those learned
until then, and no projection ever mixes two states of knowledge.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.assets.models import Right
from marketplace.kernel.db import lock, now

_NEXT: Final = timedelta(microseconds=1)


async def learn(session: AsyncSession, right_id: UUID) -> tuple[Right, datetime]:
    """Hold a right, and the moment at which the facts of this transaction are learned.

    Raises:
        NotFoundError: no such right.
    """
    right = await lock(session, Right, right_id)
    before = right.known_at or right.created_at
    right.known_at = max(now(session), before + _NEXT)
    return right, right.known_at
