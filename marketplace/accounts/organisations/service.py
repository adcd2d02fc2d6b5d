from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import PermissionMissingError
from marketplace.accounts.members.service import join
from marketplace.accounts.models import Organisation, OrganisationKind
from marketplace.accounts.organisations.schemas import OrganisationCreate
from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.db import now
from marketplace.kernel.events import publish

_ONE_FOUNDER: Final = text("SELECT pg_advisory_xact_lock(hashtext('organisation.operator'))")
"""Of two first operators at once, the second joins the organisation of the first."""


async def create_organisation(
    session: AsyncSession, request: OrganisationCreate, *, actor: Actor
) -> Organisation:
    """Found an organisation; its founder is the owner. Persons and operators are not founded."""
    if request.kind in {OrganisationKind.PERSON, OrganisationKind.OPERATOR}:
        raise PermissionMissingError(f"an organisation of kind {request.kind} is not created here")
    return await found(session, actor.person_id, request, MemberRole.OWNER)


async def found(
    session: AsyncSession, user_id: UUID, request: OrganisationCreate, role: MemberRole
) -> Organisation:
    """Write an organisation with its first member."""
    organisation = Organisation(created_at=now(session), **request.model_dump())
    session.add(organisation)
    await session.flush()
    join(session, organisation.id, user_id, role)
    subject, data = f"organisation:{organisation.id}", {"kind": organisation.kind}
    publish(session, "organisation.found", subject=subject, actor=f"user:{user_id}", data=data)
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
