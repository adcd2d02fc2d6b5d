from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.accounts.actors import Actor
from marketplace.assets.consents.lifecycle import ConsentState
from marketplace.assets.consents.models import Consent
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id


def visible_to(actor: Actor) -> SelectOfScalar[Consent]:
    """Consents are between who asks and who is asked, and open to the operator."""
    query = select(Consent)
    if actor.is_operator:
        return query
    own = actor.organisation_id
    return query.where(or_(col(Consent.organisation_id) == own, col(Consent.asked_by) == own))


async def get_consent(session: AsyncSession, consent_id: UUID, *, actor: Actor) -> Consent:
    query = visible_to(actor).where(col(Consent.id) == consent_id)
    consent = (await session.execute(query)).scalar_one_or_none()
    if consent is None:
        raise NotFoundError("no such consent")
    return consent


async def consents_page(
    session: AsyncSession,
    actor: Actor,
    *,
    state: ConsentState | None,
    cursor: str | None,
    limit: int,
) -> tuple[Sequence[Consent], str | None]:
    """What the actor asked and is asked, newest first."""
    query = visible_to(actor)
    if state is not None:
        query = query.where(col(Consent.state) == state)
    return await page_by_id(session, query, Consent, cursor=cursor, limit=limit)


async def consents_about(
    session: AsyncSession, right_id: UUID, counterparty_id: UUID, used_for: str
) -> Sequence[Consent]:
    """The newest consents to what is sold or licensed to somebody, whatever became of them.

    What is offered to everybody at once, as an open licence, names nobody but what it is used for.
    """
    named = col(Consent.counterparty_organisation_id) == counterparty_id
    query = (
        select(Consent)
        .where(col(Consent.right_id) == right_id)
        .where(or_(named, col(Consent.used_for) == used_for))
        .order_by(col(Consent.id).desc())
        .limit(100)
    )
    return (await session.execute(query)).scalars().all()
