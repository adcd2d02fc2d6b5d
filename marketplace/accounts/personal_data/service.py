"""Erasing a person: who they were is overwritten; what they did stays, under a pseudonym.

The ledger and the event log name people by ids only, so nothing in them has to change: with the
name and the address gone, an id leads to nobody.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.accounts.callers import Caller
from marketplace.accounts.models import User
from marketplace.accounts.personal_data.errors import ObligationsOpenError
from marketplace.accounts.personal_data.queries import holder_of
from marketplace.accounts.personal_data.registry import PersonalData
from marketplace.accounts.personal_data.schemas import ErasureRequest
from marketplace.accounts.proving import prove_again
from marketplace.kernel.db import lock
from marketplace.kernel.events import publish


async def erase(
    session: AsyncSession,
    request: ErasureRequest,
    registry: Sequence[PersonalData],
    *,
    actor: Actor,
    caller: Caller,
) -> None:
    """Erase the actor for good; a token alone does not end an account.

    Raises:
        TooManyAttemptsError, WrongCredentialsError, SecondFactorNeededError,
        WrongSecondFactorError: as `prove` does.
        ObligationsOpenError: others still count on them; nothing has changed.
    """
    await prove_again(session, actor.person_id, request.password, request.code, caller=caller)
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
