"""Erasing a person: who they were is overwritten; what they did stays, under a pseudonym.

The ledger and the event log name people by ids only, so nothing in them has to change: with the
name and the address gone, an id leads to nobody.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.accounts.models import User
from marketplace.accounts.passwords import verify_password
from marketplace.accounts.people.queries import get_user
from marketplace.accounts.personal_data.errors import ObligationsOpenError, WrongPasswordError
from marketplace.accounts.personal_data.queries import holder_of
from marketplace.accounts.personal_data.registry import PersonalData
from marketplace.kernel.db import lock
from marketplace.kernel.events import publish


async def erase(
    session: AsyncSession, password: str, registry: Sequence[PersonalData], *, actor: Actor
) -> None:
    """Erase the actor for good.

    Raises:
        WrongPasswordError: a token alone does not end an account.
        ObligationsOpenError: others still count on them; nothing has changed.
    """
    await _require_password(session, actor.person_id, password)
    await lock(session, User, actor.person_id)
    holder = await holder_of(session, actor.person_id)
    for domain in registry:
        await domain.take_back(session, holder)
    obligations = [one for domain in registry for one in await domain.obligations(session, holder)]
    if obligations:
        told = [one.as_extra() for one in obligations]
        raise ObligationsOpenError(obligations[0].detail, obligations=told)
    await session.flush()
    publish(session, "user.erase", subject=holder.label, actor=actor.label, data={})
    for domain in registry:
        await domain.erase(session, holder)


async def _require_password(session: AsyncSession, user_id: UUID, password: str) -> None:
    user = await get_user(session, user_id)
    if not await verify_password(password, user.password_hash):
        raise WrongPasswordError
