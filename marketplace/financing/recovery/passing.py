"""A right that was sold for a called loan passes to who paid for it."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.assets.knowing import learn
from marketplace.assets.service import end_reservation
from marketplace.assets.title.service import transfer_title
from marketplace.financing.recovery.lifecycle import EnforcementState
from marketplace.financing.recovery.models import Enforcement, EnforcementPath
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import IllegalMoveError
from marketplace.listings.service import withdraw_listings_of


async def record(
    session: AsyncSession, enforcement_id: UUID, evidence: str, *, actor: Actor
) -> Enforcement:
    """Operator: the register tells that the right is the buyer's, and so it is here.

    Raises:
        NotFoundError: no such way of enforcement.
        IllegalMoveError: its price is not paid, it was recorded, or it is no sale of its own.
    """
    seen = await session.get(Enforcement, enforcement_id)
    if seen is None:
        raise NotFoundError("no such enforcement")
    if seen.right_id is None or seen.path is EnforcementPath.AUCTION:
        raise IllegalMoveError(f"by way of {seen.path} no right passes", state=seen.state)
    await learn(session, seen.right_id)
    enforcement = await lock(session, Enforcement, enforcement_id)
    if enforcement.state is not EnforcementState.REALISED or enforcement.recorded_at is not None:
        raise IllegalMoveError("it is not paid, or was recorded", state=enforcement.state)
    payer = enforcement.payer_organisation_id
    enforcement.evidence, enforcement.recorded_at = evidence, now(session)
    await transfer_title(
        session,
        seen.right_id,
        to=payer,
        basis=enforcement.subject,
        source=evidence,
        actor=actor,
    )
    await end_reservation(session, subject=enforcement.subject)
    await withdraw_listings_of(session, seen.right_id)
    told = {"loan_id": enforcement.loan_id, "right_id": seen.right_id, "to": payer}
    publish(
        session, "enforcement.record", subject=enforcement.subject, actor=actor.label, data=told
    )
    return enforcement
