"""Legal events: recorded, retracted, and what they make of the right written beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.assets.knowing import learn
from marketplace.assets.legal_rules.queries import Rules, rules_for
from marketplace.assets.models import LegalEvent, LegalEventKind, LegalStatus, Right, RightKind
from marketplace.assets.register.models import RegisterCheck, Retraction
from marketplace.assets.standing.days import business_days_before
from marketplace.assets.standing.errors import (
    IllegalLegalEventError,
    NotTradableError,
    RegisterCheckStaleError,
    RightRestrainedError,
)
from marketplace.assets.standing.queries import events_known, known_of
from marketplace.assets.standing.rules import TRADABLE, Standing, can_happen, project
from marketplace.kernel.clock import latest_date
from marketplace.kernel.db import Sessions, lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.ids import new_id
from marketplace.kernel.lifecycle import BY_CLOCK, Identity

OPERATOR: Final = "operator"
"""The origin of what an operator records by hand."""
CHECK_BUSINESS_DAYS: Final = 1
"""How old a look at the register may be when money goes out (DOMAIN B4)."""
TURN_BATCH: Final = 100
_SAID: Final = (
    "kind",
    "occurred_on",
    "origin",
    "effective_on",
    "claims",
    "fee_year",
    "extension_days",
)
"""What makes a fact, beside where it can be looked up."""


@dataclass(frozen=True, slots=True)
class Told:
    """One fact as somebody tells it."""

    kind: LegalEventKind
    occurred_on: date
    source: str
    origin: str = OPERATOR
    event_key: str | None = None
    effective_on: date | None = None
    claims: list[int] | None = None
    fee_year: int | None = None
    extension_days: int | None = None
    code: str | None = None
    payload: Mapping[str, Any] | None = None


def require_possible(right: Right, told: Told, *, today: date) -> None:
    """Raises IllegalLegalEventError for what cannot happen to the right, or did not happen yet."""
    if not can_happen(right.kind, told.kind):
        raise IllegalLegalEventError(f"{told.kind} cannot happen to a {right.kind}")
    if told.occurred_on > today:
        raise IllegalLegalEventError("an event of the future is not a fact yet")


def add_event(
    session: AsyncSession, right: Right, told: Told, *, recorded_by: UUID | None
) -> LegalEvent:
    """Write a fact down, learned at the right's present moment; projecting is the caller's."""
    assert right.known_at is not None
    event_id = new_id()
    event = LegalEvent(
        id=event_id,
        created_at=right.known_at,
        right_id=right.id,
        kind=told.kind,
        occurred_on=told.occurred_on,
        effective_on=told.effective_on,
        claims=told.claims,
        fee_year=told.fee_year,
        extension_days=told.extension_days,
        source=told.source,
        origin=told.origin,
        event_key=told.event_key or str(event_id),
        code=told.code,
        payload=dict(told.payload) if told.payload is not None else None,
        recorded_by=recorded_by,
    )
    session.add(event)
    return event


async def record_legal_event(
    session: AsyncSession, right_id: UUID, told: Told, *, actor: Actor
) -> tuple[LegalEvent, bool]:
    """Note a lapse, an invalidation, a fee … The right's status follows from all that is known.

    Told again by the same register, nothing changes. Says also whether it was new.

    Raises:
        NotFoundError: no such right.
        IllegalLegalEventError: it cannot happen to this kind of right, or lies in the future.
        FactKnownError: by the database, when the register's fact of this key is known.
    """
    right = await lock(session, Right, right_id)
    require_possible(right, told, today=latest_date(now(session)))
    same = await _known_as(session, right_id, told)
    if same is not None:
        return same, False
    right, _ = await learn(session, right_id)
    event = add_event(session, right, told, recorded_by=actor.organisation_id)
    await session.flush()
    standing = await reproject(session, right, actor=actor)
    tell(session, right, event, standing, actor=actor)
    await session.flush()
    return event, True


async def _known_as(session: AsyncSession, right_id: UUID, told: Told) -> LegalEvent | None:
    """The fact that counts and says the same, of the same register and under the same key if any.

    A register that tells of two alike has to name them apart by its keys.
    """
    for event in await events_known(session, right_id):
        same = all(getattr(event, name) == getattr(told, name) for name in _SAID)
        if same and told.event_key in {None, event.event_key}:
            return event
    return None


def tell(
    session: AsyncSession, right: Right, event: LegalEvent, standing: Standing, *, actor: Identity
) -> None:
    data = {
        "kind": event.kind,
        "occurred_on": event.occurred_on,
        "origin": event.origin,
        "status": standing.status,
    }
    subject = f"right:{right.id}"
    publish(session, "right.legal_event", subject=subject, actor=actor.label, data=data)


async def retract_event(
    session: AsyncSession, right_id: UUID, event_id: UUID, source: str, *, actor: Actor
) -> Standing:
    """Take back a fact that was none; what was thought until now stays on record.

    Raises:
        NotFoundError: no such event of the right, or it is taken back.
    """
    right, _ = await learn(session, right_id)
    known = {event.id: event for event in await events_known(session, right_id)}
    if event_id not in known:
        raise NotFoundError("no such legal event of this right")
    add_retraction(session, right, event_id, source, recorded_by=actor.organisation_id)
    await session.flush()
    standing = await reproject(session, right, actor=actor)
    data = {"legal_event_id": event_id, "kind": known[event_id].kind, "status": standing.status}
    subject = f"right:{right.id}"
    publish(session, "right.retract_event", subject=subject, actor=actor.label, data=data)
    return standing


def add_retraction(
    session: AsyncSession, right: Right, event_id: UUID, source: str, *, recorded_by: UUID | None
) -> None:
    assert right.known_at is not None
    session.add(
        Retraction(
            created_at=right.known_at,
            right_id=right.id,
            legal_event_id=event_id,
            source=source,
            recorded_by=recorded_by,
        )
    )


async def note_check(
    session: AsyncSession,
    right: Right,
    *,
    origin: str,
    as_of: date,
    source: str,
    recorded_by: UUID | None,
) -> bool:
    """Note that a register was looked at, which the caller learned now; False if it was known.

    Raises:
        IllegalLegalEventError: the day lies in the future.
    """
    if as_of > latest_date(now(session)):
        raise IllegalLegalEventError("a register cannot be looked at in the future")
    query = select(RegisterCheck.id).where(
        col(RegisterCheck.right_id) == right.id,
        col(RegisterCheck.origin) == origin,
        col(RegisterCheck.as_of) == as_of,
    )
    if (await session.execute(query)).first() is not None:
        return False
    assert right.known_at is not None
    session.add(
        RegisterCheck(
            created_at=right.known_at,
            right_id=right.id,
            origin=origin,
            as_of=as_of,
            source=source,
            recorded_by=recorded_by,
        )
    )
    right.checked_on = max(as_of, right.checked_on or as_of)
    await session.flush()
    return True


async def check_register(
    session: AsyncSession,
    right_id: UUID,
    *,
    origin: str,
    as_of: date,
    source: str,
    actor: Actor,
) -> None:
    """Note a look at a register that told nothing new.

    Raises:
        NotFoundError: no such right.
        IllegalLegalEventError: an idea has no register, or the day lies in the future.
    """
    right, _ = await learn(session, right_id)
    if right.kind is RightKind.IDEA:
        raise IllegalLegalEventError("an idea has no register")
    by = actor.organisation_id
    if await note_check(session, right, origin=origin, as_of=as_of, source=source, recorded_by=by):
        await reproject(session, right, actor=actor)


async def reproject(session: AsyncSession, right: Right, *, actor: Identity) -> Standing:
    """Write what the facts make of a right now, and tell when that is news."""
    rules = await rules_for(session, right)
    today = now(session).astimezone(rules.zone).date()
    standing = project(await known_of(session, right.id), rules, on=today, seen_on=today)
    before = _told_of(right)
    right.legal_status = standing.status
    right.last_day = standing.last_day
    right.fees_paid_until = standing.fees_paid_until
    right.restrained_since = standing.restrained_since
    right.challenged_since = standing.challenged_since
    right.turns_at = _begins(standing.turns_on, rules)
    if before != _told_of(right):
        data = {"from": before, "to": _told_of(right)}
        subject = f"right:{right.id}"
        publish(session, "right.standing", subject=subject, actor=actor.label, data=data)
    await session.flush()
    return standing


def _told_of(right: Right) -> dict[str, Any]:
    """What others depend on: lenders on the last day, listings on the status."""
    return {
        "status": right.legal_status,
        "last_day": right.last_day,
        "restrained_since": right.restrained_since,
        "challenged_since": right.challenged_since,
    }


def _begins(day: date | None, rules: Rules) -> datetime | None:
    return datetime.combine(day, time(), rules.zone).astimezone(UTC) if day else None


async def turn(sessions: Sessions) -> int:
    """Project the rights anew that time alone changed: an expiry, the end of a grace."""
    for count in range(TURN_BATCH):
        async with sessions.begin() as session:
            query = (
                select(Right.id)
                .where(col(Right.turns_at) <= now(session))
                .order_by(col(Right.turns_at))
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            right_id = (await session.execute(query)).scalar_one_or_none()
            if right_id is None:
                return count
            right, _ = await learn(session, right_id)
            await reproject(session, right, actor=BY_CLOCK)
    return TURN_BATCH


def require_tradable(right: Right) -> None:
    """Refuse a right that no longer exists, or that a court or office holds.

    Raises:
        NotTradableError: lapsed, surrendered, invalidated, expired, or nobody can tell.
        RightRestrainedError: attached.
    """
    if right.legal_status not in TRADABLE:
        raise NotTradableError(f"its legal status is {right.legal_status}")
    if right.restrained_since is not None:
        raise RightRestrainedError(f"since {right.restrained_since}")


@dataclass(frozen=True, slots=True)
class Footing:
    """What of a right decides whether money for it may go out: columns of its row."""

    kind: RightKind
    legal_status: LegalStatus
    restrained_since: date | None
    turns_at: datetime | None
    checked_on: date | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Footing":
        return cls(
            RightKind(row["kind"]),
            LegalStatus(row["legal_status"]),
            row["restrained_since"],
            row["turns_at"],
            row["checked_on"],
        )

    def has_turned(self, at: datetime) -> bool:
        """Whether time has changed the right since its row was written."""
        return self.turns_at is not None and self.turns_at <= at

    def require_sure(self, at: datetime) -> None:
        """Refuse what is not in force, is held, or was not looked up lately.

        Raises:
            NotTradableError, RightRestrainedError, RegisterCheckStaleError.
        """
        if self.legal_status not in TRADABLE:
            raise NotTradableError(
                f"its legal status is {self.legal_status}; open a dispute or refund"
            )
        if self.restrained_since is not None:
            raise RightRestrainedError(f"since {self.restrained_since}")
        if self.kind is not RightKind.IDEA and not is_fresh(self.checked_on, at):
            raise RegisterCheckStaleError(f"it was looked at last on {self.checked_on}")


FOOTING: Final = tuple(Footing.__dataclass_fields__)


def is_fresh(checked_on: date | None, at: datetime) -> bool:
    """Whether a register was looked at on the day itself or the business day before."""
    oldest = business_days_before(at.date(), CHECK_BUSINESS_DAYS)
    return checked_on is not None and checked_on >= oldest
