from collections.abc import Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.accounts.actors import Actor
from marketplace.assets.models import Right
from marketplace.kernel.db import Record
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id
from marketplace.kernel.schemas import Amount
from marketplace.listings.store.lifecycle import StoreState
from marketplace.listings.store.models import (
    StoreApplication,
    StoreEntry,
    StoreRule,
    StoreWindow,
)
from marketplace.listings.store.rules import last_opening_day
from marketplace.listings.store.schemas import (
    OwnStoreEntryRead,
    StoreApplicationRead,
    StoreEntryRead,
    WindowRead,
)

R = TypeVar("R", bound=Record)


async def read(session: AsyncSession, entry: StoreEntry) -> OwnStoreEntryRead:
    """An entry as its author reads it."""
    return (await read_all(session, [entry]))[0]


async def read_public(session: AsyncSession, entry: StoreEntry) -> StoreEntryRead:
    """An entry as everybody reads it."""
    return _public(await read(session, entry))


async def read_all(session: AsyncSession, entries: Sequence[StoreEntry]) -> list[OwnStoreEntryRead]:
    """Some entries with their rights and windows, by three queries however many they are."""
    rights = await _by_id(session, Right, [entry.right_id for entry in entries])
    rules = await _by_id(session, StoreRule, [entry.rule_id for entry in entries])
    windows = await _windows(session, [entry.id for entry in entries])
    return [
        _read(entry, rights[entry.right_id], rules[entry.rule_id], windows.get(entry.id, []))
        for entry in entries
    ]


def _read(
    entry: StoreEntry, right: Right, rule: StoreRule, windows: Sequence[StoreWindow]
) -> OwnStoreEntryRead:
    asked = entry.asking_price_minor
    return OwnStoreEntryRead(
        id=entry.id,
        right_id=entry.right_id,
        kind=right.kind,
        title=right.title,
        teaser=entry.teaser,
        language=entry.language,
        asking_price=Amount(amount_minor=asked, currency=entry.currency) if asked else None,
        currency=entry.currency,
        filed_on=entry.filed_on,
        last_opening_on=last_opening_day(entry.filed_on, rule.months),
        rounds=entry.rounds,
        windows=[WindowRead.model_validate(window) for window in windows],
        state=entry.state,
        version=entry.version,
        due_at=entry.due_at,
    )


def _public(own: OwnStoreEntryRead) -> StoreEntryRead:
    return StoreEntryRead(**own.model_dump(exclude={"right_id", "due_at"}))


async def _by_id(session: AsyncSession, model: type[R], ids: Sequence[UUID]) -> Mapping[UUID, R]:
    rows = (await session.execute(select(model).where(col(model.id).in_(ids)))).scalars()
    return {row.id: row for row in rows}


async def _windows(
    session: AsyncSession, entry_ids: Sequence[UUID]
) -> Mapping[UUID, list[StoreWindow]]:
    query = (
        select(StoreWindow)
        .where(col(StoreWindow.entry_id).in_(entry_ids))
        .order_by(col(StoreWindow.round))
    )
    found: dict[UUID, list[StoreWindow]] = {}
    for window in (await session.execute(query)).scalars():
        found.setdefault(window.entry_id, []).append(window)
    return found


async def shown(
    session: AsyncSession, *, cursor: str | None, limit: int
) -> tuple[list[StoreEntryRead], str | None]:
    """What has an open window, newest first."""
    query = select(StoreEntry).where(col(StoreEntry.state) == StoreState.OPEN)
    found, following = await _page(session, query, cursor=cursor, limit=limit)
    return [_public(one) for one in found], following


async def own_ones(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[list[OwnStoreEntryRead], str | None]:
    """What the actor's organisation entered, in any state, newest first."""
    query = select(StoreEntry).where(col(StoreEntry.organisation_id) == actor.organisation_id)
    return await _page(session, query, cursor=cursor, limit=limit)


async def _page(
    session: AsyncSession, query: SelectOfScalar[StoreEntry], *, cursor: str | None, limit: int
) -> tuple[list[OwnStoreEntryRead], str | None]:
    found, following = await page_by_id(session, query, StoreEntry, cursor=cursor, limit=limit)
    return await read_all(session, found), following


async def get_entry(session: AsyncSession, entry_id: UUID) -> StoreEntry:
    """An entry, which is public.

    Raises:
        NotFoundError: none.
    """
    entry = await session.get(StoreEntry, entry_id)
    if entry is None:
        raise NotFoundError("no such store entry")
    return entry


async def applications_for(
    session: AsyncSession, entry_id: UUID, *, actor: Actor, cursor: str | None, limit: int
) -> tuple[list[StoreApplicationRead], str | None]:
    """Who applied, to the entry's author.

    Raises:
        NotFoundError: not the actor's entry.
    """
    entry = await get_entry(session, entry_id)
    if entry.organisation_id != actor.organisation_id:
        raise NotFoundError("no such store entry")
    windows = select(StoreWindow.id).where(col(StoreWindow.entry_id) == entry_id)
    query = select(StoreApplication).where(
        col(StoreApplication.window_id).in_(windows), col(StoreApplication.withdrawn_at).is_(None)
    )
    return await _applications(session, query, cursor=cursor, limit=limit)


async def own_applications(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[list[StoreApplicationRead], str | None]:
    """What the actor's organisation applied for, newest first."""
    query = select(StoreApplication).where(
        col(StoreApplication.organisation_id) == actor.organisation_id
    )
    return await _applications(session, query, cursor=cursor, limit=limit)


async def _applications(
    session: AsyncSession,
    query: SelectOfScalar[StoreApplication],
    *,
    cursor: str | None,
    limit: int,
) -> tuple[list[StoreApplicationRead], str | None]:
    found, following = await page_by_id(
        session, query, StoreApplication, cursor=cursor, limit=limit
    )
    windows = await _by_id(session, StoreWindow, [one.window_id for one in found])
    entries = await _by_id(session, StoreEntry, [one.entry_id for one in windows.values()])
    return [
        _read_application(one, windows[one.window_id], entries[windows[one.window_id].entry_id])
        for one in found
    ], following


async def read_one(session: AsyncSession, application: StoreApplication) -> StoreApplicationRead:
    """An application with its window."""
    window = await session.get_one(StoreWindow, application.window_id)
    entry = await session.get_one(StoreEntry, window.entry_id)
    return _read_application(application, window, entry)


def _read_application(
    application: StoreApplication, window: StoreWindow, entry: StoreEntry
) -> StoreApplicationRead:
    return StoreApplicationRead(
        id=application.id,
        entry_id=entry.id,
        round=window.round,
        organisation_id=application.organisation_id,
        price=Amount(amount_minor=application.price_minor, currency=entry.currency),
        message=application.message,
        applied_at=application.created_at,
        withdrawn_at=application.withdrawn_at,
    )


async def rules(session: AsyncSession) -> Sequence[StoreRule]:
    """What the store takes, and took before."""
    query = select(StoreRule).order_by(col(StoreRule.right_kind), col(StoreRule.valid_from))
    return (await session.execute(query.limit(100))).scalars().all()
