"""What an institution says of itself: what it values, how much at once, and what it must not."""

from datetime import date
from uuid import UUID

from sqlalchemy import exists
from sqlalchemy import select as select_any
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.designations.models import DesignationPeriod
from marketplace.accounts.organisations.queries import get_organisation
from marketplace.assets.models import Right
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import require_version
from marketplace.valuation.institutions.errors import InterestEndError, NotDesignatedError
from marketplace.valuation.institutions.models import (
    WEIGHTS,
    InstitutionInterest,
    InstitutionProfile,
    InstitutionStanding,
    Tier,
)
from marketplace.valuation.institutions.schemas import InterestDeclare, ProfileKeep


async def keep_profile(
    session: AsyncSession, request: ProfileKeep, *, actor: Actor, version: int | None
) -> InstitutionProfile:
    """Write the actor's profile, or begin one. What it has accepted it goes on with.

    Raises:
        NotDesignatedError: it never was a valuation institution.
        VersionMismatchError: it was changed since the caller read it.
    """
    await _require_institution(session, actor.organisation_id)
    own = col(InstitutionProfile.organisation_id) == actor.organisation_id
    query = select(InstitutionProfile).where(own).with_for_update()
    profile = (await session.execute(query)).scalar_one_or_none()
    values = request.model_dump(mode="json")
    if profile is None:
        profile = InstitutionProfile(
            created_at=now(session), organisation_id=actor.organisation_id, **values
        )
        session.add(profile)
    else:
        require_version(profile, version)
        for name, value in values.items():
            setattr(profile, name, value)
        profile.version += 1
    await session.flush()
    subject = f"institution_profile:{profile.id}"
    publish(session, "institution_profile.keep", subject=subject, actor=actor.label, data=values)
    return profile


async def declare(
    session: AsyncSession, request: InterestDeclare, *, actor: Actor
) -> InstitutionInterest:
    """Say what stands between the actor's institution and some cases. It counts from its day on.

    Raises:
        NotDesignatedError: it never was a valuation institution.
        NotFoundError: no such organisation or right.
    """
    await _require_institution(session, actor.organisation_id)
    if request.counterpart_id is not None:
        await get_organisation(session, request.counterpart_id)
    elif await session.get(Right, request.right_id) is None:
        raise NotFoundError("no such right")
    interest = InstitutionInterest(
        created_at=now(session), institution_id=actor.organisation_id, **request.model_dump()
    )
    session.add(interest)
    await session.flush()
    _tell(session, interest, "declare", actor)
    return interest


async def end_interest(
    session: AsyncSession, interest_id: UUID, valid_until: date, *, today: date, actor: Actor
) -> InstitutionInterest:
    """Give an interest its end. What it kept apart before stays apart.

    Raises:
        NotFoundError: it is another institution's.
        InterestEndError: in the past, or before it began.
    """
    interest = await lock(session, InstitutionInterest, interest_id)
    if interest.institution_id != actor.organisation_id:
        raise NotFoundError("no such institution interest")
    if valid_until < max(today, interest.valid_from):
        raise InterestEndError
    interest.valid_until = valid_until
    _tell(session, interest, "end", actor)
    return interest


async def _require_institution(session: AsyncSession, organisation_id: UUID) -> None:
    known = exists().where(col(DesignationPeriod.organisation_id) == organisation_id)
    if not (await session.execute(select_any(known))).scalar_one():
        raise NotDesignatedError


def _tell(session: AsyncSession, interest: InstitutionInterest, name: str, actor: Actor) -> None:
    told = interest.model_dump(exclude={"id", "created_at", "note"})
    subject = f"institution_interest:{interest.id}"
    publish(session, f"institution_interest.{name}", subject=subject, actor=actor.label, data=told)


async def set_standing(
    session: AsyncSession,
    institution_id: UUID,
    tier: Tier,
    basis: str,
    reason: str,
    *,
    actor: Actor,
) -> InstitutionStanding:
    """Write down what quality control made of an institution; the next draws weigh it so."""
    standing = InstitutionStanding(
        created_at=now(session),
        institution_id=institution_id,
        tier=tier,
        weight=WEIGHTS[tier],
        basis=basis,
        reason=reason,
        decided_by=actor.user_id,
    )
    session.add(standing)
    await session.flush()
    data = {"institution_id": institution_id, "tier": tier, "basis": basis}
    subject = f"institution_standing:{standing.id}"
    publish(session, "institution_standing.set", subject=subject, actor=actor.label, data=data)
    return standing
