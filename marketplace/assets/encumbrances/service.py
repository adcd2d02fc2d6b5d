"""Granting, registering, changing and ending encumbrances. The database refuses what conflicts."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.assets.encumbrances.checking import require_free
from marketplace.assets.encumbrances.errors import InvalidTermsError
from marketplace.assets.encumbrances.kinds import (
    CONSTITUTIVE,
    WHOLE,
    WITHOUT_HOLDER,
    EncumbranceKind,
)
from marketplace.assets.encumbrances.models import Encumbrance
from marketplace.assets.encumbrances.scope import Scope
from marketplace.assets.encumbrances.terms import NO_TERMS, NOBODY, Holder, Registration, Terms
from marketplace.assets.models import Right
from marketplace.kernel.clock import latest_date
from marketplace.kernel.db import lock, now
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, begin, move

__all__ = ["change", "end", "grant", "register", "require_free", "review"]

CONTRACT: Final = "contract"


async def grant(
    session: AsyncSession,
    right_id: UUID,
    kind: EncumbranceKind,
    scope: Scope,
    *,
    holder_organisation_id: UUID | None,
    granted_by: UUID | None,
    actor: Identity,
    subject: str | None = None,
    terms: Terms = NO_TERMS,
) -> Encumbrance:
    """Burden a right: at once where the contract suffices, else when it is registered.

    Meanwhile it keeps others away all the same.

    Args:
        session: the right is locked in its transaction.
        right_id: the right.
        kind: what is granted; an open licence has no holder.
        scope: the whole right for a pledge, an attachment and a trust.
        holder_organisation_id: who gets it.
        granted_by: the owner, or whoever else grants it.
        actor: who acts, for the event log.
        subject: the deal by which it is granted, as `deal:<id>`; its consents are used up.
        terms: the secured amount, dates, and whether the holder accepts a challenge of the right.

    Raises:
        NotFoundError: no such right.
        InvalidTermsError: terms that this kind cannot have.
        EncumberedError, ConsentMissingError, TrusteeOnlyError, RightReservedError,
        NotTradableError, RightRestrainedError, FeesDueError, ChallengedError: something stands
        against it; and nothing has changed.
    """
    encumbrance = await propose(
        session,
        right_id,
        kind,
        scope,
        holder=Holder(holder_organisation_id),
        granted_by=granted_by,
        subject=subject,
        terms=terms,
    )
    await enter(session, encumbrance, actor=actor)
    return encumbrance


async def enter(session: AsyncSession, encumbrance: Encumbrance, *, actor: Identity) -> None:
    """Write down what was proposed; it has effect at once unless a register has to show it."""
    right_id, kind = encumbrance.right_id, encumbrance.kind
    begin(session, encumbrance, actor, right_id=right_id, kind=kind)
    if kind not in CONSTITUTIVE:
        _move(session, encumbrance, "take_effect", role=SYSTEM, actor=BY_SYSTEM)
    await session.flush()


async def propose(
    session: AsyncSession,
    right_id: UUID,
    kind: EncumbranceKind,
    scope: Scope,
    *,
    holder: Holder,
    granted_by: UUID | None,
    subject: str | None = None,
    terms: Terms = NO_TERMS,
    source: str = CONTRACT,
) -> Encumbrance:
    """Lock the right, check that nothing stands against it, and make the row without adding it."""
    _require_fitting(kind, scope, holder, terms)
    await lock(session, Right, right_id)
    await require_free(
        session,
        right_id,
        kind,
        scope,
        subject=subject,
        by=granted_by,
        challenge_accepted=terms.challenge_accepted,
    )
    encumbrance = Encumbrance(
        created_at=now(session),
        changed_at=now(session),
        valid_from=scope.starts_at,
        right_id=right_id,
        kind=kind,
        subject=subject,
        holder_organisation_id=holder.organisation_id,
        holder_name=holder.name,
        granted_by=granted_by,
        source=source,
        starts_at=scope.starts_at,
        **terms.columns(),
    )
    encumbrance.set_scope(scope)
    return encumbrance


def _require_fitting(kind: EncumbranceKind, scope: Scope, holder: Holder, terms: Terms) -> None:
    if (kind in WITHOUT_HOLDER) != (holder == NOBODY):
        raise InvalidTermsError(f"{kind}: an open licence has no holder, anything else has one")
    if kind in WHOLE and not scope.is_whole:
        raise InvalidTermsError(f"{kind}: it burdens the whole right")
    if (kind is EncumbranceKind.PLEDGE) != (terms.secured is not None):
        raise InvalidTermsError(f"{kind}: a pledge secures an amount, and nothing else does")
    if scope.ends_at is not None and scope.ends_at <= scope.starts_at:
        raise InvalidTermsError(f"{kind}: it ends before it begins")
    if terms.challenge_accepted and kind is not EncumbranceKind.PLEDGE:
        raise InvalidTermsError(f"{kind}: only of a pledge a challenge is accepted")


async def register(
    session: AsyncSession,
    encumbrance: Encumbrance,
    registration: Registration,
    *,
    role: str,
    actor: Identity,
) -> None:
    """Note its entry in the office's register, from whose receipt it has effect and rank.

    Raises:
        RankTakenError: by the database, when another was received under this number that day.
        InvalidTermsError: the day lies in the future.
    """
    _require_past(session, registration.received_on)
    number = registration.number
    _move(session, encumbrance, "register", role=role, actor=actor, registration_number=number)
    for name, value in registration.columns().items():
        setattr(encumbrance, name, value)
    _touch(session, encumbrance, start_of(registration.received_on))
    await session.flush()


async def change(
    session: AsyncSession,
    encumbrance: Encumbrance,
    *,
    valid_from: datetime,
    role: str,
    actor: Identity,
    **changed: Any,
) -> None:
    """Change the secured amount, the scope or the end of what is registered; its rank stays.

    Args:
        session: holds the encumbrance's lock, and takes that of its right.
        encumbrance: what changes.
        valid_from: from when it is so.
        role: what the actor is to it.
        actor: who acts.
        changed: columns; `scope` is a `Scope`.

    Raises:
        InvalidTermsError: it would end before it begins, or the day lies in the future.
        EncumberedError and the other conflicts: the wider scope overlaps something.
    """
    _require_past(session, valid_from.date())
    before = encumbrance.scope
    if changed.get("ends_at") and changed["ends_at"] <= before.starts_at:
        raise InvalidTermsError("it would end before it begins")
    scope: Scope = changed.pop("scope", before)
    if "ends_at" in changed:
        scope = replace(scope, ends_at=changed.pop("ends_at"))
    scope = replace(scope, starts_at=before.starts_at)
    fields = sorted({*changed, *({"scope"} if scope != before else ())})
    _move(session, encumbrance, "change", role=role, actor=actor, fields=fields)
    if not before.covers(scope):
        await require_free(
            session,
            encumbrance.right_id,
            encumbrance.kind,
            scope,
            subject=encumbrance.subject,
            by=encumbrance.granted_by,
            itself=encumbrance.id,
            challenge_accepted=encumbrance.challenge_accepted,
        )
    encumbrance.set_scope(scope)
    for name, value in changed.items():
        setattr(encumbrance, name, value)
    _touch(session, encumbrance, valid_from)
    await session.flush()


async def end(
    session: AsyncSession,
    encumbrance: Encumbrance,
    name: str,
    *,
    role: str,
    actor: Identity,
    valid_from: datetime | None = None,
) -> None:
    """End it by a move of its lifecycle: delete, release, withdraw, reject, cancel or expire.

    `valid_from` is since when it has ended, now unless given.
    """
    moment = valid_from or now(session)
    _require_past(session, moment.date())
    _move(session, encumbrance, name, role=role, actor=actor)
    _touch(session, encumbrance, moment)
    await session.flush()


async def review(
    session: AsyncSession, encumbrance: Encumbrance, *, role: str, actor: Identity
) -> None:
    """The clock: what has run out expires, anything else is looked at again later."""
    ends_at = encumbrance.ends_at
    if ends_at is not None and ends_at <= now(session):
        await end(session, encumbrance, "expire", role=role, actor=actor, valid_from=ends_at)
    else:
        _move(session, encumbrance, "review", role=role, actor=actor)


def start_of(day: date) -> datetime:
    """The first moment of a day, as registers count: in UTC, for want of their hour."""
    return datetime.combine(day, time(), UTC)


def _move(
    session: AsyncSession,
    encumbrance: Encumbrance,
    name: str,
    *,
    role: str,
    actor: Identity,
    **data: Any,
) -> None:
    """Move it; the clock is due when it ends, if that comes before the usual review."""
    told = {"right_id": encumbrance.right_id, "kind": encumbrance.kind, **data}
    move(session, encumbrance, name, role=role, actor=actor, **told)
    if encumbrance.due_at is not None and encumbrance.ends_at is not None:
        encumbrance.due_at = min(encumbrance.due_at, encumbrance.ends_at)


def _touch(session: AsyncSession, encumbrance: Encumbrance, valid_from: datetime) -> None:
    """Nothing is said of a time before what was said last: then that would still count."""
    encumbrance.valid_from = max(valid_from, encumbrance.valid_from)
    encumbrance.changed_at = now(session)


def _require_past(session: AsyncSession, day: date) -> None:
    if day > latest_date(now(session)):
        raise InvalidTermsError("the day lies in the future, so nothing happened on it yet")
