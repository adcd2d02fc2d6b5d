from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import exists, or_, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.accounts.actors import Actor
from marketplace.assets.encumbrances.checking import scope_told
from marketplace.assets.encumbrances.kinds import WITHOUT_HOLDER
from marketplace.assets.encumbrances.lifecycle import HOLDER, LIVE, OPERATOR, OWNER
from marketplace.assets.encumbrances.models import Encumbrance
from marketplace.assets.encumbrances.schemas import EncumbranceRead, ScopeRead
from marketplace.assets.models import Right
from marketplace.assets.title.models import Ownership
from marketplace.assets.title.queries import owns
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id
from marketplace.kernel.schemas import Amount

_RANKS: Final = text(
    """
    SELECT e.id, 1 + (
        SELECT count(*) FROM encumbrance o
        WHERE o.right_id = e.right_id AND o.state IN ('pending_registration', 'active')
            AND (o.received_on, o.receipt_order) < (e.received_on, e.receipt_order))
    FROM encumbrance e
    WHERE e.id = ANY (:ids) AND e.received_on IS NOT NULL
        AND e.state IN ('pending_registration', 'active')
    """
)
_OWN: Final = tuple(EncumbranceRead.model_fields.keys() & Encumbrance.model_fields.keys())


def visible_to(actor: Actor) -> SelectOfScalar[Encumbrance]:
    """What an actor may read: what they hold, and what burdens a right of theirs."""
    query = select(Encumbrance)
    if actor.is_operator:
        return query
    owned = exists().where(
        col(Ownership.right_id) == col(Encumbrance.right_id),
        col(Ownership.organisation_id) == actor.organisation_id,
        col(Ownership.owned_until).is_(None),
    )
    return query.where(or_(col(Encumbrance.holder_organisation_id) == actor.organisation_id, owned))


async def get_encumbrance(
    session: AsyncSession, encumbrance_id: UUID, *, actor: Actor
) -> Encumbrance:
    """One that the actor may read.

    Raises:
        NotFoundError: there is none.
    """
    query = visible_to(actor).where(col(Encumbrance.id) == encumbrance_id)
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFoundError("no such encumbrance")
    return found


async def encumbrances_held(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[Encumbrance], str | None]:
    """What the actor's organisation holds of the rights of others, newest first."""
    query = select(Encumbrance).where(
        col(Encumbrance.holder_organisation_id) == actor.organisation_id
    )
    return await page_by_id(session, query, Encumbrance, cursor=cursor, limit=limit)


async def encumbrances_of(
    session: AsyncSession, right_id: UUID, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[Encumbrance], str | None]:
    """What burdens a right and what burdened it: all of it for its owner and the operator.

    Whoever holds an encumbrance of the right sees what the public register shows as well.

    Raises:
        NotFoundError: none of these, or no such right.
    """
    query = select(Encumbrance).where(col(Encumbrance.right_id) == right_id)
    if not await sees_all(session, right_id, actor):
        mine = col(Encumbrance.holder_organisation_id) == actor.organisation_id
        if (await session.execute(query.where(mine).limit(1))).first() is None:
            raise NotFoundError("no such right")
        query = query.where(or_(mine, col(Encumbrance.registration_number).is_not(None)))
    return await page_by_id(session, query, Encumbrance, cursor=cursor, limit=limit)


async def living_of(session: AsyncSession, right_id: UUID) -> Sequence[Encumbrance]:
    """What burdens a right at present, as registered first; at most a thousand."""
    query = (
        select(Encumbrance)
        .where(col(Encumbrance.right_id) == right_id)
        .where(col(Encumbrance.state).in_(LIVE))
        .order_by(col(Encumbrance.received_on), col(Encumbrance.receipt_order))
        .limit(1_000)
    )
    return (await session.execute(query)).scalars().all()


async def sees_all(session: AsyncSession, right_id: UUID, actor: Actor) -> bool:
    """Whether the actor is the present owner of a right, or operates the platform."""
    if actor.is_operator:
        return await session.get(Right, right_id) is not None
    return await owns(session, right_id, actor.organisation_id)


async def ranks_of(session: AsyncSession, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """The rank of each that is registered and lives, among all that do on its right."""
    rows = await session.execute(_RANKS, {"ids": list(ids)})
    return {row[0]: row[1] for row in rows}


async def roles_in(
    session: AsyncSession, found: Sequence[Encumbrance], actor: Actor
) -> Mapping[UUID, str]:
    """What the actor is to each of some encumbrances; those that are nothing to them are left out.

    Whoever owns a right and holds its encumbrance acts as its holder.
    """
    if actor.is_operator:
        return dict.fromkeys((one.id for one in found), OPERATOR)
    query = select(Ownership.right_id).where(
        col(Ownership.right_id).in_({one.right_id for one in found}),
        col(Ownership.organisation_id) == actor.organisation_id,
        col(Ownership.owned_until).is_(None),
    )
    owned = set((await session.execute(query)).scalars())
    roles = {one.id: OWNER for one in found if one.right_id in owned}
    held = (one.id for one in found if one.holder_organisation_id == actor.organisation_id)
    return roles | dict.fromkeys(held, HOLDER)


async def read_all(
    session: AsyncSession, found: Sequence[Encumbrance], actor: Actor
) -> list[EncumbranceRead]:
    """Encumbrances with their ranks, and what the actor may do to each."""
    ranks = await ranks_of(session, [one.id for one in found])
    roles = await roles_in(session, found, actor)
    return [_read(one, ranks.get(one.id), roles.get(one.id)) for one in found]


def _read(one: Encumbrance, rank: int | None, role: str | None) -> EncumbranceRead:
    own: dict[str, Any] = {name: getattr(one, name) for name in _OWN}
    secured = None
    if one.secured_minor is not None and one.currency is not None:
        secured = Amount(amount_minor=one.secured_minor, currency=one.currency)
    return EncumbranceRead(
        **own,
        rank=rank,
        scope=ScopeRead.model_validate(scope_told(one.scope)),
        secured=secured,
        your_moves=_moves(one, role) if role else [],
    )


def _moves(one: Encumbrance, role: str) -> list[str]:
    """What a role may ask for: what a register shows ends there; offers are withdrawn."""
    hidden = set() if one.kind in WITHOUT_HOLDER else {"withdraw"}
    if one.registration_number is not None:
        hidden.add("release")
    return [name for name in one.lifecycle.open_to(one.state, role) if name not in hidden]
