"""The idea store: unpublished applications shown in windows, which the clock opens and closes."""

from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, or_, select

from marketplace.accounts.actors import Actor
from marketplace.assets.encumbrances.checking import require_free
from marketplace.assets.encumbrances.kinds import Deed
from marketplace.assets.identifiers import DocumentClass
from marketplace.assets.legal_rules.queries import rules_for
from marketplace.assets.models import LegalEventKind, LegalStatus, Right
from marketplace.assets.queries import identifiers_of
from marketplace.assets.service import is_reserved
from marketplace.assets.standing.queries import events_known, filing_day
from marketplace.assets.standing.service import require_tradable
from marketplace.assets.title.queries import owns
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, IllegalMoveError, begin, move
from marketplace.listings.store.errors import NotEligibleError, RoundsUsedError
from marketplace.listings.store.lifecycle import AUTHOR, LIVE, OPERATOR, StoreState
from marketplace.listings.store.models import (
    Outcome,
    StoreApplication,
    StoreEntry,
    StoreRule,
    StoreWindow,
)
from marketplace.listings.store.rules import may_open, window_end
from marketplace.listings.store.schemas import StoreEnter

PUBLIC_BY: Final = frozenset({LegalEventKind.PUBLISHED, LegalEventKind.GRANTED})
"""After these everybody can read the application at the office."""


async def enter(session: AsyncSession, request: StoreEnter, *, actor: Actor) -> StoreEntry:
    """Show an application to companies: its first window opens at once.

    Raises:
        NotFoundError: the right is not the actor's.
        NotEligibleError: no application, published, filed too long ago, or sold meanwhile.
        RoundsUsedError: it had as many windows as the rule allows, or as are wanted.
        EncumberedError, TrusteeOnlyError, RightRestrainedError: it may not be offered.
        InStoreError: by the database.
    """
    if not await owns(session, request.right_id, actor.organisation_id):
        raise NotFoundError("no such right")
    right = await lock(session, Right, request.right_id)
    rule = await _rule_for(session, right)
    filed_on = await filing_day(session, right)
    if rule is None or filed_on is None:
        raise NotEligibleError(f"the store takes no {right.kind}, or nobody said when it was filed")
    if await is_reserved(session, right.id):
        raise NotEligibleError("a deal over it runs")
    require_tradable(right)
    await require_free(session, right.id, Deed.LIST, by=actor.organisation_id)
    entry = StoreEntry(
        created_at=now(session),
        **request.model_dump(exclude={"rounds"}),
        rounds=min(request.rounds or rule.windows_max, rule.windows_max),
        organisation_id=actor.organisation_id,
        rule_id=rule.id,
        filed_on=filed_on,
        time_zone=(await rules_for(session, right)).zone.key,
    )
    await require_eligible(session, entry)
    due_at = window_end(now(session), rule.window_days)
    begin(session, entry, actor, due_at=due_at, right_id=right.id)
    await session.flush()
    await _open_window(session, entry, rule)
    return entry


async def _rule_for(session: AsyncSession, right: Right) -> StoreRule | None:
    """The store's rule of today for a kind of right; an idea that is not filed has none."""
    today = now(session).date()
    query = select(StoreRule).where(
        col(StoreRule.right_kind) == right.kind,
        col(StoreRule.valid_from) <= today,
        or_(col(StoreRule.valid_until).is_(None), col(StoreRule.valid_until) > today),
    )
    return (await session.execute(query)).scalar_one_or_none()


async def require_eligible(session: AsyncSession, entry: StoreEntry) -> None:
    """Refuse the next window of an application that may have none.

    Raises:
        NotEligibleError, RoundsUsedError.
    """
    rule = await session.get_one(StoreRule, entry.rule_id)
    right = await session.get_one(Right, entry.right_id)
    today = now(session).astimezone(ZoneInfo(entry.time_zone)).date()
    if not await is_unpublished(session, right):
        raise NotEligibleError("it is published, or pending no more")
    if not may_open(entry.filed_on, rule.months, today):
        raise NotEligibleError(f"filed on {entry.filed_on}, windows open within {rule.months} mo.")
    if await rounds_had(session, entry.right_id) >= entry.rounds:
        raise RoundsUsedError


async def is_unpublished(session: AsyncSession, right: Right) -> bool:
    """Whether an application is pending, and nobody can read it at the office yet."""
    if right.legal_status is not LegalStatus.PENDING or right.restrained_since is not None:
        return False
    numbers = await identifiers_of(session, right.id)
    if any(number.document_class == DocumentClass.PUBLICATION for number in numbers):
        return False
    return not any(event.kind in PUBLIC_BY for event in await events_known(session, right.id))


async def rounds_had(session: AsyncSession, right_id: UUID) -> int:
    """How many windows an application has had, whoever entered it."""
    query = select(func.count()).where(col(StoreWindow.right_id) == right_id)
    return (await session.execute(query)).scalar_one()


async def _open_window(session: AsyncSession, entry: StoreEntry, rule: StoreRule) -> None:
    opens_at = now(session)
    window = StoreWindow(
        created_at=opens_at,
        entry_id=entry.id,
        right_id=entry.right_id,
        round=await rounds_had(session, entry.right_id) + 1,
        opens_at=opens_at,
        closes_at=window_end(opens_at, rule.window_days),
    )
    session.add(window)
    await session.flush()


async def close(session: AsyncSession, entry: StoreEntry, *, role: str, actor: Identity) -> None:
    """A window is over: its author chooses among those who applied; if none did, it goes on."""
    window = await last_window(session, entry.id)
    if await live_applications(session, window.id):
        move(session, entry, "close", role=role, actor=actor, round=window.round)
    else:
        await go_on(session, entry, Outcome.NO_INTEREST, role=role, actor=actor)


async def pass_over(
    session: AsyncSession, entry: StoreEntry, *, role: str, actor: Identity
) -> None:
    """Choose nobody of those who applied: the next window opens, or the entry ends."""
    await go_on(session, entry, Outcome.PASSED_OVER, role=role, actor=actor)


async def pass_over_all(session: AsyncSession, entry_id: UUID, *, actor: Actor) -> StoreEntry:
    """The author chooses nobody.

    Raises:
        NotFoundError: not the actor's entry.
        IllegalMoveError: its window is still open, or nobody is to be chosen any more.
    """
    entry, role = await lock_for(session, entry_id, actor)
    if entry.state is not StoreState.SELECTING:
        raise IllegalMoveError(f"it is {entry.state}", state=entry.state)
    entry.lifecycle.step(entry.state, "open_next", role=role)
    await pass_over(session, entry, role=role, actor=actor)
    return entry


async def go_on(
    session: AsyncSession, entry: StoreEntry, outcome: Outcome, *, role: str, actor: Identity
) -> None:
    """Open the next window at once, or end the entry where it may have none."""
    window = await last_window(session, entry.id)
    window.outcome = outcome
    rule = await session.get_one(StoreRule, entry.rule_id)
    right = await session.get_one(Right, entry.right_id)
    entry.filed_on = await filing_day(session, right) or entry.filed_on
    try:
        await require_eligible(session, entry)
    except (NotEligibleError, RoundsUsedError) as why:
        move(session, entry, "end", role=role, actor=actor, outcome=outcome, because=why.code)
        return
    due_at = window_end(now(session), rule.window_days)
    move(session, entry, "open_next", role=role, actor=actor, due_at=due_at, outcome=outcome)
    await session.flush()
    await _open_window(session, entry, rule)


async def withdraw(session: AsyncSession, entry_id: UUID, *, actor: Actor) -> StoreEntry:
    """The author takes an application out; a window that had opened counts."""
    entry, role = await lock_for(session, entry_id, actor)
    move(session, entry, "withdraw", role=role, actor=actor)
    await _cut(session, entry, Outcome.WITHDRAWN)
    return entry


async def end_ineligible(session: AsyncSession, right_id: UUID) -> None:
    """Take an application out that was published, sold, or is pending no more."""
    query = select(StoreEntry.id).where(
        col(StoreEntry.right_id) == right_id,
        col(StoreEntry.state).in_((StoreState.OPEN, StoreState.SELECTING)),
    )
    for entry_id in (await session.execute(query)).scalars().all():
        entry = await lock(session, StoreEntry, entry_id)
        right = await session.get_one(Right, right_id)
        is_theirs = await owns(session, right_id, entry.organisation_id)
        if entry.state in LIVE and not (is_theirs and await is_unpublished(session, right)):
            move(session, entry, "end", role=SYSTEM, actor=BY_SYSTEM, outcome=Outcome.INELIGIBLE)
            await _cut(session, entry, Outcome.INELIGIBLE)


async def _cut(session: AsyncSession, entry: StoreEntry, outcome: Outcome) -> None:
    window = await last_window(session, entry.id)
    window.outcome = outcome
    window.closes_at = min(window.closes_at, max(now(session), window.opens_at))
    await session.flush()


async def last_window(session: AsyncSession, entry_id: UUID) -> StoreWindow:
    """The window that an entry is in, or was in last."""
    query = (
        select(StoreWindow)
        .where(col(StoreWindow.entry_id) == entry_id)
        .order_by(col(StoreWindow.round).desc())
        .limit(1)
    )
    return (await session.execute(query)).scalar_one()


async def live_applications(session: AsyncSession, window_id: UUID) -> list[StoreApplication]:
    """Who applied in a window and did not take it back, the first one first."""
    query = (
        select(StoreApplication)
        .where(
            col(StoreApplication.window_id) == window_id,
            col(StoreApplication.withdrawn_at).is_(None),
        )
        .order_by(col(StoreApplication.id))
        .limit(1_000)
    )
    return list((await session.execute(query)).scalars().all())


async def lock_for(session: AsyncSession, entry_id: UUID, actor: Actor) -> tuple[StoreEntry, str]:
    """Hold an entry that is the actor's, or any for an operator, and say as what.

    Raises:
        NotFoundError: none of theirs.
    """
    entry = await lock(session, StoreEntry, entry_id)
    if entry.organisation_id == actor.organisation_id:
        return entry, AUTHOR
    if actor.is_operator:
        return entry, OPERATOR
    raise NotFoundError("no such store entry")


def is_open(window: StoreWindow, at: datetime) -> bool:
    """Whether companies may apply at a moment; the clock may be seconds late."""
    return window.opens_at <= at < window.closes_at
