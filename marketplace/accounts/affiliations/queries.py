"""Which organisations belong together on a day. Each question is one statement."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.accounts.actors import Actor
from marketplace.accounts.affiliations.models import Affiliation, AffiliationProposal
from marketplace.accounts.permissions import Permission
from marketplace.kernel.db import fetch
from marketplace.kernel.pagination import page_by_id

GROUP_MAX: Final = 1_000

_SAME_GROUP: Final = text(
    """
    WITH RECURSIVE above AS (
        SELECT id AS start, id FROM unnest(CAST(:both AS uuid[])) AS asked (id)
        UNION ALL
        SELECT above.start, f.parent_id
        FROM above JOIN affiliation f ON f.affiliate_id = above.id
        WHERE f.valid_from <= :on AND (f.valid_until IS NULL OR f.valid_until > :on)
    )
    SELECT EXISTS (
        SELECT id FROM above WHERE start = CAST(:one AS uuid)
        INTERSECT SELECT id FROM above WHERE start = CAST(:other AS uuid))
    """
)
_GROUP_OF: Final = text(
    """
    WITH RECURSIVE above AS (
        SELECT CAST(:id AS uuid) AS id, 0 AS height
        UNION ALL
        SELECT f.parent_id, above.height + 1
        FROM above JOIN affiliation f ON f.affiliate_id = above.id
        WHERE f.valid_from <= :on AND (f.valid_until IS NULL OR f.valid_until > :on)
    ), below AS (
        (SELECT id, CAST(NULL AS uuid) AS parent_id, CAST(NULL AS integer) AS share_basis_points,
            0 AS depth
        FROM above ORDER BY height DESC LIMIT 1)
        UNION ALL
        SELECT f.affiliate_id, f.parent_id, f.share_basis_points, below.depth + 1
        FROM below JOIN affiliation f ON f.parent_id = below.id
        WHERE f.valid_from <= :on AND (f.valid_until IS NULL OR f.valid_until > :on)
    )
    SELECT below.id AS organisation_id, o.name, below.parent_id, below.share_basis_points
    FROM below JOIN organisation o ON o.id = below.id
    ORDER BY below.depth, o.name, o.id LIMIT :limit
    """
)
_TOPS: Final = text(
    """
    WITH RECURSIVE above AS (
        SELECT id AS start, id, 0 AS height FROM unnest(CAST(:ids AS uuid[])) AS asked (id)
        UNION ALL
        SELECT above.start, f.parent_id, above.height + 1
        FROM above JOIN affiliation f ON f.affiliate_id = above.id
        WHERE f.valid_from <= :on AND (f.valid_until IS NULL OR f.valid_until > :on)
    ), top AS (
        SELECT DISTINCT ON (start) start, id FROM above ORDER BY start, height DESC
    ), below AS (
        SELECT DISTINCT id AS top, id FROM top
        UNION ALL
        SELECT below.top, f.affiliate_id
        FROM below JOIN affiliation f ON f.parent_id = below.id
        WHERE f.valid_from <= :on AND (f.valid_until IS NULL OR f.valid_until > :on)
    )
    SELECT id, top FROM below
    """
)


async def same_group(session: AsyncSession, one: UUID, other: UUID, on: date) -> bool:
    """Whether two organisations have a common ancestor on a day, themselves included.

    On one day everyone has at most one parent, so that this means one and the same top.
    """
    values = {"both": [one, other], "one": one, "other": other, "on": on}
    return bool((await session.execute(_SAME_GROUP, values)).scalar_one())


async def group_of(session: AsyncSession, organisation_id: UUID, on: date) -> Sequence[Row[Any]]:
    """Everyone of an organisation's group on a day, from the top down, at most `GROUP_MAX`.

    Each row has `organisation_id`, `name`, `parent_id` and `share_basis_points`, the latter two
    null at the top. An organisation without affiliations is a group of its own.
    """
    return await fetch(session, _GROUP_OF, id=organisation_id, on=on, limit=GROUP_MAX)


async def groups_of(
    session: AsyncSession, organisation_ids: Collection[UUID], on: date
) -> dict[UUID, UUID]:
    """Everyone of the groups of some organisations on a day, with the top of their group.

    An organisation without affiliations is the top of its own.
    """
    rows = await fetch(session, _TOPS, ids=list(organisation_ids), on=on)
    return {row.id: row.top for row in rows}


def proposals_visible_to(actor: Actor) -> SelectOfScalar[AffiliationProposal]:
    """A proposal concerns the two organisations that it names."""
    own = actor.organisation_id
    model = AffiliationProposal
    return select(model).where(or_(col(model.parent_id) == own, col(model.affiliate_id) == own))


def visible_to(actor: Actor) -> SelectOfScalar[Affiliation]:
    """One's own affiliations; all of them for an operator."""
    own, query = actor.organisation_id, select(Affiliation)
    if actor.may(Permission.OPERATE_ORGANISATIONS):
        return query
    return query.where(or_(col(Affiliation.parent_id) == own, col(Affiliation.affiliate_id) == own))


async def proposals_of(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[AffiliationProposal], str | None]:
    query = proposals_visible_to(actor)
    return await page_by_id(session, query, AffiliationProposal, cursor=cursor, limit=limit)


async def affiliations_of(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[Affiliation], str | None]:
    return await page_by_id(session, visible_to(actor), Affiliation, cursor=cursor, limit=limit)
