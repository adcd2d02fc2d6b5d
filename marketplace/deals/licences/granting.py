"""What a licence is on the register of its rights: an encumbrance, from the moment it is paid for.

A sub-licence is no entry of its own: it stands within its head licence, which keeps others away.
"""

from dataclasses import replace
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.assets.encumbrances import service as encumbrances
from marketplace.assets.encumbrances.errors import OutlivesRightError
from marketplace.assets.encumbrances.kinds import EncumbranceKind
from marketplace.assets.encumbrances.lifecycle import LIVE, OPERATOR, EncumbranceState
from marketplace.assets.encumbrances.models import Encumbrance
from marketplace.assets.encumbrances.scope import Scope
from marketplace.assets.encumbrances.terms import Registration
from marketplace.assets.models import Right
from marketplace.deals.licences.errors import (
    LicenceKindUnknownError,
    OutsideHeadLicenceError,
)
from marketplace.deals.licences.lifecycle import LIVE as RUNNING
from marketplace.deals.licences.lifecycle import LicenceState
from marketplace.deals.licences.models import EffectiveBy, Licence, LicenceRight, LicenceRule
from marketplace.deals.licences.queries import rights_in
from marketplace.deals.licences.rules import excludes, extent, last_end, outside, overlap
from marketplace.deals.royalties.periods import add_months
from marketplace.deals.royalties.reporting import midnight
from marketplace.kernel.db import lock, mark_locked, now
from marketplace.kernel.errors import ConflictError
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity
from marketplace.listings.deal_types import LicenceKind
from marketplace.listings.licensing.terms import LicenceTerms

ENTERED_AS: Final = {
    LicenceKind.REGISTERED_EXCLUSIVE: EncumbranceKind.REGISTERED_EXCLUSIVE,
    LicenceKind.EXCLUSIVE: EncumbranceKind.EXCLUSIVE,
    LicenceKind.SOLE: EncumbranceKind.SOLE,
    LicenceKind.NON_EXCLUSIVE: EncumbranceKind.NON_EXCLUSIVE,
    LicenceKind.OPEN: EncumbranceKind.NON_EXCLUSIVE,
}
"""Who takes an open licence is one licensee among others."""
_DAY: Final = timedelta(days=1)


def scope_of(terms: LicenceTerms, starts_on: date) -> Scope:
    """The terms as the register compares them, from a day on."""
    return replace(
        extent(terms),
        starts_at=midnight(starts_on),
        ends_at=midnight(add_months(starts_on, terms.term_months)),
    )


async def require_free(session: AsyncSession, licence: Licence, deal_subject: str) -> None:
    """Refuse early what the register would refuse when the licence is paid for.

    Raises:
        EncumberedError and the other conflicts of encumbrances, OutsideHeadLicenceError,
        OutlivesRightError.
    """
    if licence.head_licence_id is not None:
        await require_within_head(session, licence)
        return
    for right_id, scope in (await _scopes(session, licence)).items():
        await encumbrances.require_free(
            session,
            right_id,
            ENTERED_AS[licence.kind],
            scope,
            subject=deal_subject,
            by=licence.licensor_organisation_id,
        )


async def may_be_granted(session: AsyncSession, licence: Licence, deal_subject: str) -> bool:
    """Whether a draft could be granted now."""
    try:
        await require_free(session, licence, deal_subject)
    except ConflictError:
        return False
    return True


async def _scopes(session: AsyncSession, licence: Licence) -> dict[UUID, Scope]:
    """What a licence that begins today is on each of its rights, in the order of locking.

    Raises:
        OutlivesRightError: it would go on after the last of its rights.
    """
    today = now(session).date()
    scope = scope_of(licence.agreed, today)
    ends = await ends_of_rights(session, licence)
    last = last_end(ends.values())
    if last is not None and scope.ends_at and scope.ends_at > midnight(last):
        raise OutlivesRightError(f"{last} is the first day without the right")
    return {right_id: _until(scope, ends[right_id]) for right_id in sorted(ends)}


def _until(scope: Scope, day: date | None) -> Scope:
    """A scope that ends with the right itself, where others of the licence last longer."""
    if day is None or scope.ends_at is None:
        return scope
    return replace(scope, ends_at=min(scope.ends_at, midnight(day)))


async def ends_of_rights(session: AsyncSession, licence: Licence) -> dict[UUID, date | None]:
    """The first day on which each right of a licence is over; None where nobody knows it."""
    query = (
        select(Right)
        .join(LicenceRight, col(LicenceRight.right_id) == col(Right.id))
        .where(col(LicenceRight.licence_id) == licence.id)
    )
    rights = (await session.execute(query)).scalars()
    return {right.id: right.last_day + _DAY if right.last_day else None for right in rights}


async def grant(
    session: AsyncSession, licence: Licence, deal_subject: str, *, actor: Identity
) -> None:
    """Enter a licence on each of its rights, all or none; entered already, nothing happens.

    Raises:
        EncumberedError and the other conflicts of encumbrances, OutsideHeadLicenceError,
        OutlivesRightError.
    """
    if licence.head_licence_id is not None:
        await require_within_head(session, licence)
        return
    if await _entries(session, licence, deal_subject):
        return
    for right_id, scope in (await _scopes(session, licence)).items():
        await encumbrances.grant(
            session,
            right_id,
            ENTERED_AS[licence.kind],
            scope,
            holder_organisation_id=licence.licensee_organisation_id,
            granted_by=licence.licensor_organisation_id,
            actor=actor,
            subject=deal_subject,
        )


async def require_within_head(session: AsyncSession, licence: Licence) -> None:
    """Hold the head licence, and refuse what goes beyond it or conflicts beside it.

    Raises:
        OutsideHeadLicenceError: it is over, allows less, or has given this to another.
    """
    assert licence.head_licence_id
    head = await lock(session, Licence, licence.head_licence_id)
    if head.state not in RUNNING or head.licensee_organisation_id != (
        licence.licensor_organisation_id
    ):
        raise OutsideHeadLicenceError("the head licence is not in force")
    terms = licence.agreed
    if beyond := outside(terms, head.agreed):
        raise OutsideHeadLicenceError(beyond)
    query = select(Licence).where(
        col(Licence.head_licence_id) == head.id,
        col(Licence.id) != licence.id,
        or_(
            col(Licence.state).in_(RUNNING),
            col(Licence.state) == LicenceState.DRAFTED,
        ),
    )
    for other in (await session.execute(query.limit(1_000))).scalars():
        granted = other.starts_on is not None
        if granted and excludes(terms.kind, other.kind) and overlap(terms, other.agreed):
            raise OutsideHeadLicenceError("another sub-licence stands in this scope")


async def register(
    session: AsyncSession,
    licence: Licence,
    deal_subject: str,
    registration: Registration,
    *,
    actor: Identity,
) -> None:
    """Note the office's entry on each right of a licence."""
    for encumbrance in await _entries(session, licence, deal_subject):
        if encumbrance.registration_number is None:
            await encumbrances.register(
                session, encumbrance, registration, role=OPERATOR, actor=actor
            )


async def keep_until(
    session: AsyncSession, licence: Licence, deal_subject: str, ends_on: date
) -> date:
    """Let the entries end with the licence, which begins later than they if it was registered.

    Returns:
        When it ends: as entered, if something else was granted for the time after.
    """
    try:
        async with session.begin_nested():
            await _prolong(session, licence, deal_subject, ends_on)
    except ConflictError:
        entries = await _entries(session, licence, deal_subject)
        return max(entry.ends_at for entry in entries if entry.ends_at).date()
    return ends_on


async def _prolong(
    session: AsyncSession, licence: Licence, deal_subject: str, ends_on: date
) -> None:
    ends = await ends_of_rights(session, licence)
    for entry in await _entries(session, licence, deal_subject):
        wanted = _until(replace(entry.scope, ends_at=midnight(ends_on)), ends[entry.right_id])
        if wanted.ends_at != entry.ends_at:
            await encumbrances.change(
                session,
                entry,
                valid_from=now(session),
                role=OPERATOR,
                actor=BY_SYSTEM,
                ends_at=wanted.ends_at,
            )


async def end(
    session: AsyncSession, licence: Licence, deal_subject: str, *, actor: Identity
) -> None:
    """Take a licence off the registers of its rights."""
    for encumbrance in await _entries(session, licence, deal_subject):
        waiting = encumbrance.state == EncumbranceState.PENDING_REGISTRATION
        name = "cancel" if waiting else "release"
        await encumbrances.end(session, encumbrance, name, role=SYSTEM, actor=actor)


async def _entries(session: AsyncSession, licence: Licence, deal_subject: str) -> list[Encumbrance]:
    """The live entries of one licence, held; the rights were locked before them."""
    right_ids = sorted(await rights_in(session, licence.id))
    for right_id in right_ids:
        await lock(session, Right, right_id)
    query = (
        select(Encumbrance)
        .where(
            col(Encumbrance.subject) == deal_subject,
            col(Encumbrance.right_id).in_(right_ids),
            col(Encumbrance.holder_organisation_id) == licence.licensee_organisation_id,
            col(Encumbrance.state).in_(LIVE),
        )
        .order_by(col(Encumbrance.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = list((await session.execute(query)).scalars())
    for encumbrance in found:
        mark_locked(session, encumbrance)
    return found


async def effective_by(session: AsyncSession, licence: Licence) -> EffectiveBy:
    """Whether the contract suffices, by the rules in force for each right; the strictest counts.

    Raises:
        LicenceKindUnknownError: a registered exclusive licence where no rule knows of one.
    """
    strictest = EffectiveBy.CONTRACT
    today = now(session).date()
    for right_id in await rights_in(session, licence.id):
        right = await session.get_one(Right, right_id)
        query = select(LicenceRule.effective_by).where(
            col(LicenceRule.jurisdiction) == right.office,
            col(LicenceRule.right_kind) == right.kind,
            col(LicenceRule.kind) == licence.kind,
            col(LicenceRule.valid_from) <= today,
            or_(col(LicenceRule.valid_until).is_(None), col(LicenceRule.valid_until) > today),
        )
        found = (await session.execute(query)).scalar_one_or_none()
        if found is None and licence.kind is LicenceKind.REGISTERED_EXCLUSIVE:
            raise LicenceKindUnknownError(f"{right.office or 'ideas'} ({right.kind})")
        if found is EffectiveBy.REGISTRATION:
            strictest = found
    return strictest
