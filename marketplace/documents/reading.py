"""Who may read a confidential body, and the record of each reading, which marks the copy."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import exists, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.assets.title.models import Ownership
from marketplace.assets.title.queries import owns
from marketplace.documents.disclosures.unwanted import is_unwanted
from marketplace.documents.errors import NotDisclosedError
from marketplace.documents.models import ConfidentialHold, DisclosureGrant, DisclosureView
from marketplace.kernel.db import now


@dataclass(frozen=True, slots=True)
class Leave:
    """Under which grant somebody reads; an owner needs none."""

    grant_id: UUID | None = None
    is_bought: bool = False
    """It is delivered to them: as it was agreed on, byte for byte."""

    @property
    def is_owners(self) -> bool:
        return self.grant_id is None


OWNERS: Final = Leave()


async def leave_of(session: AsyncSession, right_id: UUID, actor: Actor) -> Leave:
    """Under what somebody may read.

    A grant ends with the ownership of whoever gave it, as who buys an idea shows it anew or not;
    but not one that was paid for and binds whoever owns the idea after.

    Raises:
        NotDisclosedError: they may not, or not before a moment that is still to come.
    """
    if await owns(session, right_id, actor.organisation_id):
        return OWNERS
    query = (
        select(DisclosureGrant.id, DisclosureGrant.purpose, DisclosureGrant.survives_transfer)
        .where(
            col(DisclosureGrant.right_id) == right_id,
            col(DisclosureGrant.organisation_id) == actor.organisation_id,
            or_(
                col(DisclosureGrant.user_id).is_(None),
                col(DisclosureGrant.user_id) == actor.user_id,
            ),
            or_(
                col(DisclosureGrant.expires_at).is_(None),
                col(DisclosureGrant.expires_at) > now(session),
            ),
            col(DisclosureGrant.revoked_at).is_(None),
            or_(
                col(DisclosureGrant.survives_transfer),
                exists().where(
                    col(Ownership.right_id) == right_id,
                    col(Ownership.organisation_id) == col(DisclosureGrant.granted_by),
                    col(Ownership.owned_until).is_(None),
                ),
            ),
            ~exists().where(
                col(ConfidentialHold.right_id) == right_id,
                col(ConfidentialHold.released_at).is_(None),
                col(ConfidentialHold.sealed_until) > now(session),
            ),
        )
        .order_by(col(DisclosureGrant.purpose))  # that of a deal before one of a disclosure
        .limit(1)
    )
    found = (await session.execute(query)).first()
    if found is None:
        raise NotDisclosedError
    is_bought = found.survives_transfer or found.purpose.startswith("deal:")
    if not is_bought and await is_unwanted(session, right_id, actor.organisation_id):
        raise NotDisclosedError("your organisation does not want to be shown it")
    return Leave(found.id, is_bought)


async def note_view(
    session: AsyncSession,
    right_id: UUID,
    *,
    version: int,
    actor: Actor,
    leave: Leave,
    file_id: UUID | None = None,
) -> DisclosureView:
    """Write a reading down, before a byte leaves.

    Raises:
        NotDisclosedError: by the database, when the leave ended, or the body is sealed.
    """
    view = DisclosureView(
        created_at=now(session),
        right_id=right_id,
        version=version,
        file_id=file_id,
        grant_id=leave.grant_id,
        organisation_id=actor.organisation_id,
        user_id=actor.person_id,
    )
    session.add(view)
    await session.flush()
    return view
