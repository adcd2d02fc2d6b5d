"""An open licence is a statement to everybody, which stands on the register while it is offered."""

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.assets.encumbrances import service as encumbrances
from marketplace.assets.encumbrances.kinds import EncumbranceKind
from marketplace.assets.encumbrances.lifecycle import LIVE
from marketplace.assets.encumbrances.models import Encumbrance
from marketplace.assets.encumbrances.scope import Scope, uses_of
from marketplace.assets.models import Right
from marketplace.kernel.db import lock, mark_locked, now
from marketplace.kernel.lifecycle import SYSTEM, Identity
from marketplace.listings.bundles.service import rights_of
from marketplace.listings.licensing.service import offer_of
from marketplace.listings.models import Listing


async def declare_open(session: AsyncSession, listing: Listing, *, actor: Identity) -> None:
    """Enter the statement on each right, so that no exclusive or sole licence is granted beside it.

    Raises:
        EncumberedError and the other conflicts: such a licence lives.
    """
    offer = await offer_of(session, listing.id)
    assert offer
    terms = offer.offered
    scope = Scope(
        starts_at=now(session),
        claims=tuple(terms.claims),
        territories=tuple(terms.territories),
        fields=tuple(terms.fields),
        uses=uses_of(terms.acts),
    )
    for right_id in sorted(await rights_of(session, listing)):
        await lock(session, Right, right_id)
        await encumbrances.grant(
            session,
            right_id,
            EncumbranceKind.OPEN_LICENCE,
            scope,
            holder_organisation_id=None,
            granted_by=listing.organisation_id,
            actor=actor,
            subject=f"listing:{listing.id}",
        )


async def withdraw_open(session: AsyncSession, listing: Listing, *, actor: Identity) -> None:
    """Take the statement back; licences that were taken before go on."""
    for right_id in sorted(await rights_of(session, listing)):
        await lock(session, Right, right_id)
    query = (
        select(Encumbrance)
        .where(
            col(Encumbrance.subject) == f"listing:{listing.id}",
            col(Encumbrance.state).in_(LIVE),
        )
        .order_by(col(Encumbrance.id))
        .with_for_update()
    )
    for statement in (await session.execute(query)).scalars().all():
        mark_locked(session, statement)
        await encumbrances.end(session, statement, "release", role=SYSTEM, actor=actor)
