from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.models import User

ERASED: Final = "@erased.invalid"
"""How the addresses of people end who had themselves erased; nobody else's do."""


async def get_user(session: AsyncSession, user_id: UUID) -> User:
    return await session.get_one(User, user_id)


async def user_by_email(session: AsyncSession, email: str) -> User | None:
    """Who has this e-mail address, which is stored in lower case."""
    query = select(User).where(col(User.email) == email)
    return (await session.execute(query)).scalar_one_or_none()
