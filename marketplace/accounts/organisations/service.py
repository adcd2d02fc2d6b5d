from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import PermissionMissingError
from marketplace.accounts.members.service import join
from marketplace.accounts.models import Organisation, OrganisationKind
from marketplace.accounts.organisations.models import OrganisationNumber
from marketplace.accounts.organisations.numbers import normalise
from marketplace.accounts.organisations.places import require_region
from marketplace.accounts.organisations.queries import numbers_of, require_own
from marketplace.accounts.organisations.schemas import (
    Number,
    NumberRelease,
    OrganisationCreate,
    OrganisationEdit,
)
from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import require_version

_ONE_FOUNDER: Final = text("SELECT pg_advisory_xact_lock(hashtext('organisation.operator'))")
"""Of two first operators at once, the second joins the organisation of the first."""


async def create_organisation(
    session: AsyncSession, request: OrganisationCreate, *, actor: Actor
) -> Organisation:
    """Found an organisation; its founder is the owner. Persons and operators are not founded.

    Raises:
        PermissionMissingError: of kind `person` or `operator`.
        WrongRegionError, WrongNumberError: mistyped, or of another country.
        NumberTakenError: by the database.
    """
    if request.kind in {OrganisationKind.PERSON, OrganisationKind.OPERATOR}:
        raise PermissionMissingError(f"an organisation of kind {request.kind} is not created here")
    return await found(session, actor.person_id, request, MemberRole.OWNER)


async def found(
    session: AsyncSession, user_id: UUID, request: OrganisationCreate, role: MemberRole
) -> Organisation:
    """Write an organisation with its first member."""
    organisation = await register(session, request, by=f"user:{user_id}")
    join(session, organisation.id, user_id, role)
    return organisation


async def register(session: AsyncSession, request: OrganisationCreate, *, by: str) -> Organisation:
    """Write an organisation that nobody acts for yet."""
    require_region(request.country, request.region)
    about = request.model_dump(exclude={"numbers"})
    organisation = Organisation(created_at=now(session), **about)
    session.add(organisation)
    await session.flush()
    await _set_numbers(session, organisation, request.numbers)
    subject, data = f"organisation:{organisation.id}", {"kind": organisation.kind}
    publish(session, "organisation.found", subject=subject, actor=by, data=data)
    return organisation


async def edit_organisation(
    session: AsyncSession,
    organisation_id: UUID,
    request: OrganisationEdit,
    *,
    actor: Actor,
    version: int | None,
) -> Organisation:
    """Change what is given of the actor's organisation, and keep the rest.

    Raises:
        NotFoundError: it is not the actor's.
        VersionMismatchError: somebody changed it since the caller read it.
        WrongRegionError, WrongNumberError: mistyped, or of another country.
        NumberTakenError: by the database.
    """
    require_own(actor, organisation_id)
    organisation = await lock(session, Organisation, organisation_id)
    require_version(organisation, version)
    changed = request.model_dump(exclude_unset=True, exclude={"numbers"})
    require_region(organisation.country, changed.get("region"))
    told = [name for name in changed if name != "name"]  # which may be a person's
    before = {name: getattr(organisation, name) for name in told}
    for name, value in changed.items():
        setattr(organisation, name, value)
    if request.numbers is not None:
        await _set_numbers(session, organisation, request.numbers)
    organisation.version += 1
    after = {name: changed[name] for name in told}
    data = {"fields": sorted(request.model_fields_set), "from": before, "to": after}
    _tell(session, organisation.id, "edit", actor, data)
    return organisation


async def release_number(
    session: AsyncSession, organisation_id: UUID, request: NumberRelease, *, actor: Actor
) -> Organisation:
    """Operator: take a number from an organisation that it does not belong to.

    Raises:
        NotFoundError: no such organisation, or it has no number of the scheme.
    """
    organisation = await lock(session, Organisation, organisation_id)
    number = (await numbers_of(session, organisation_id)).get(request.scheme)
    if number is None:
        raise NotFoundError(f"the organisation has no {request.scheme} number")
    await session.delete(number)
    organisation.version += 1
    data = {"scheme": request.scheme, "reason": request.reason}
    _tell(session, organisation_id, "release_number", actor, data)
    return organisation


async def join_operator(session: AsyncSession, user_id: UUID) -> None:
    """Make a person an operator; the first one founds the platform's own organisation."""
    await session.execute(_ONE_FOUNDER)
    query = select(Organisation).where(col(Organisation.kind) == OrganisationKind.OPERATOR)
    organisation = (await session.execute(query)).scalars().first()
    if organisation is None:
        request = OrganisationCreate(name="Operator", kind=OrganisationKind.OPERATOR, country="KR")
        await found(session, user_id, request, MemberRole.OPERATOR)
        return
    join(session, organisation.id, user_id, MemberRole.OPERATOR)
    subject = f"organisation:{organisation.id}"
    data = {"user_id": user_id, "role": MemberRole.OPERATOR}
    publish(session, "organisation.add_member", subject=subject, actor="command_line", data=data)


async def _set_numbers(
    session: AsyncSession, organisation: Organisation, numbers: Iterable[Number]
) -> None:
    """Keep what stays, delete what is given up, then add what is new."""
    wanted = {
        n.scheme: normalise(n.scheme, n.number, country=organisation.country) for n in numbers
    }
    for scheme, known in (await numbers_of(session, organisation.id)).items():
        if wanted.get(scheme) == known.number:
            del wanted[scheme]
        else:
            await session.delete(known)
    await session.flush()
    session.add_all(
        OrganisationNumber(
            created_at=now(session), organisation_id=organisation.id, scheme=scheme, number=number
        )
        for scheme, number in wanted.items()
    )
    await session.flush()


def _tell(
    session: AsyncSession,
    organisation_id: UUID,
    name: str,
    actor: Actor,
    data: Mapping[str, object],
) -> None:
    subject = f"organisation:{organisation_id}"
    publish(session, f"organisation.{name}", subject=subject, actor=actor.label, data=data)
