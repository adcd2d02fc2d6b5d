from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.organisations.queries import get_organisation
from marketplace.accounts.revocations import revoke
from marketplace.accounts.suspensions.errors import NotSuspendableError, NotSuspendedError
from marketplace.accounts.suspensions.models import OrganisationSuspension
from marketplace.accounts.suspensions.queries import open_suspension
from marketplace.kernel.db import now
from marketplace.kernel.events import publish


async def suspend(
    session: AsyncSession, organisation_id: UUID, reason: str, *, actor: Actor
) -> OrganisationSuspension:
    """Stop every credential of an organisation; what is public, and the clocks, go on.

    Raises:
        NotFoundError: no such organisation.
        NotSuspendableError: it is the platform's own, and nobody could lift that again.
        AlreadySuspendedError: by the database.
    """
    organisation = await get_organisation(session, organisation_id)
    if organisation.kind is OrganisationKind.OPERATOR:
        raise NotSuspendableError
    suspension = OrganisationSuspension(
        created_at=now(session),
        organisation_id=organisation_id,
        reason=reason,
        suspended_by=actor.person_id,
    )
    session.add(suspension)
    await session.flush()
    await _tell(session, suspension, "suspend", actor)
    return suspension


async def lift(
    session: AsyncSession, organisation_id: UUID, reason: str, *, actor: Actor
) -> OrganisationSuspension:
    """Let an organisation's credentials work again, those that expired meanwhile excepted.

    Raises:
        NotFoundError, NotSuspendedError: no such organisation, or nothing to lift.
    """
    await get_organisation(session, organisation_id)
    suspension = await open_suspension(session, organisation_id, for_update=True)
    if suspension is None:
        raise NotSuspendedError
    suspension.lifted_at, suspension.lifted_by = now(session), actor.person_id
    suspension.lifted_because = reason
    await _tell(session, suspension, "lift_suspension", actor)
    return suspension


async def _tell(
    session: AsyncSession, suspension: OrganisationSuspension, name: str, actor: Actor
) -> None:
    subject = f"organisation:{suspension.organisation_id}"
    await revoke(session, subject)
    data = {"suspension_id": suspension.id}
    publish(session, f"organisation.{name}", subject=subject, actor=actor.label, data=data)
