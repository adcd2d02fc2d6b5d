"""Secrets that go to a person's mailbox: each works once, and until a newer one is sent."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, delete, select

from marketplace.accounts.authentication import new_secret, secret_hash
from marketplace.accounts.mailed_tokens.errors import LinkInvalidError, MailedLatelyError
from marketplace.accounts.mailed_tokens.models import MailedToken, Purpose
from marketplace.kernel.db import now
from marketplace.kernel.problems import RETRY_AFTER

PREFIX: Final = "ml_"
LIFETIMES: Final[Mapping[Purpose, timedelta]] = {
    Purpose.VERIFY_EMAIL: timedelta(days=7),
    Purpose.CHANGE_EMAIL: timedelta(hours=24),
    Purpose.RESET_PASSWORD: timedelta(hours=1),
}
FIRST_PAUSE: Final = timedelta(minutes=1)
PAUSE_MAX: Final = timedelta(hours=1)
FORGOTTEN_AFTER: Final = timedelta(hours=24)
"""A day without mail, and the next one is the first again."""
_DOUBLINGS_MAX: Final = 10

_TAKE: Final = text(
    "DELETE FROM mailed_token WHERE token_hash = :token_hash AND purpose = ANY (:purposes)"
    " AND expires_at > :now RETURNING user_id, purpose, email"
)
_FORGET: Final = text("DELETE FROM mailed_token WHERE expires_at < :before")


def free_again_at(mailed_at: datetime, times_mailed: int) -> datetime:
    """When another message may go: after 1, 2, 4 … minutes, so that nobody's mailbox is flooded."""
    doubled: int = 2 ** min(times_mailed - 1, _DOUBLINGS_MAX)
    return mailed_at + min(FIRST_PAUSE * doubled, PAUSE_MAX)


async def new_token(session: AsyncSession, user_id: UUID, purpose: Purpose, email: str) -> str:
    """Make the secret to be mailed to an address; an older one for the same purpose ends.

    Raises:
        MailedLatelyError: with Retry-After; the older one goes on working.
    """
    token, moment = new_secret(PREFIX), now(session)
    older = await _of(session, user_id, purpose)
    times_mailed = _times_mailed(older, moment) + 1
    if older is not None:
        await session.delete(older)
        await session.flush()
    session.add(
        MailedToken(
            created_at=moment,
            user_id=user_id,
            purpose=purpose,
            email=email,
            token_hash=secret_hash(token),
            expires_at=moment + LIFETIMES[purpose],
            times_mailed=times_mailed,
        )
    )
    await session.flush()
    return token


def _times_mailed(older: MailedToken | None, moment: datetime) -> int:
    """How many went before that still count; refuses when the last of them went a moment ago."""
    if older is None or moment - older.created_at > FORGOTTEN_AFTER:
        return 0
    seconds = ceil((free_again_at(older.created_at, older.times_mailed) - moment).total_seconds())
    if seconds > 0:
        raise MailedLatelyError(f"wait {seconds} s", **{RETRY_AFTER: seconds})
    return older.times_mailed


async def _of(session: AsyncSession, user_id: UUID, purpose: Purpose) -> MailedToken | None:
    query = (
        select(MailedToken)
        .where(col(MailedToken.user_id) == user_id, col(MailedToken.purpose) == purpose)
        .with_for_update()
    )
    return (await session.execute(query)).scalar_one_or_none()


async def holder_of(session: AsyncSession, token: str, purpose: Purpose) -> UUID:
    """Whose a secret is, without using it up.

    Raises:
        LinkInvalidError: unknown, used, replaced or expired.
    """
    query = select(col(MailedToken.user_id)).where(
        col(MailedToken.token_hash) == secret_hash(token),
        col(MailedToken.purpose) == purpose,
        col(MailedToken.expires_at) > now(session),
    )
    user_id = (await session.execute(query)).scalar_one_or_none()
    if user_id is None:
        raise LinkInvalidError
    return user_id


async def take(session: AsyncSession, token: str, *purposes: Purpose) -> tuple[UUID, Purpose, str]:
    """Use a secret up; returns whose it is, what for, and the address that it was mailed to.

    Raises:
        LinkInvalidError: unknown, used, replaced or expired. Of two at once, one gets it.
    """
    values = {"token_hash": secret_hash(token), "purposes": list(purposes), "now": now(session)}
    row = (await session.execute(_TAKE, values)).first()
    if row is None:
        raise LinkInvalidError
    return row.user_id, Purpose(row.purpose), row.email


async def withdraw(session: AsyncSession, user_id: UUID) -> None:
    """End the secrets that could change a person's account, as when their password is new."""
    query = delete(MailedToken).where(
        col(MailedToken.user_id) == user_id,
        col(MailedToken.purpose).in_((Purpose.CHANGE_EMAIL, Purpose.RESET_PASSWORD)),
    )
    await session.execute(query)


async def forget_old(session: AsyncSession) -> None:
    """Delete secrets that expired, once it is forgotten how many were mailed."""
    await session.execute(_FORGET, {"before": now(session) - FORGOTTEN_AFTER})
