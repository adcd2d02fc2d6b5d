"""Licences: drafted with their deal, in effect when it is paid and entered, and ended in time."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.assets.encumbrances.terms import Registration
from marketplace.assets.title.service import require_owner
from marketplace.deals.bundles.service import rights_of
from marketplace.deals.licences import granting
from marketplace.deals.licences.errors import (
    NoLicenceDealError,
    PublishedTermsError,
    RegistrationNeededError,
)
from marketplace.deals.licences.lifecycle import LIVE, LicenceState
from marketplace.deals.licences.models import EffectiveBy, Licence, LicenceRight
from marketplace.deals.licences.parties import lock_licence
from marketplace.deals.licences.queries import licences_of
from marketplace.deals.licences.rules import last_end
from marketplace.deals.models import Deal
from marketplace.deals.royalties.periods import add_months
from marketplace.deals.royalties.reporting import begin_report, cut_off, midnight
from marketplace.documents.service import revoke_disclosures
from marketplace.kernel.db import lock, mark_locked, now
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, begin, move
from marketplace.listings.deal_types import DealType
from marketplace.listings.licensing.coverage import require_covered
from marketplace.listings.licensing.models import LicenceOffer
from marketplace.listings.licensing.terms import LicenceTerms


async def draft(session: AsyncSession, deal: Deal, offer: LicenceOffer, actor: Identity) -> Licence:
    """Copy a listing's terms into the licence that its deal will grant.

    Raises:
        EncumberedError and the other conflicts, OutsideHeadLicenceError, TerritoryNotCoveredError,
        LicenceKindUnknownError: it could not be granted as things are.
    """
    licence = await _draft(
        session,
        deal,
        offer.offered,
        await rights_of(session, deal),
        actor,
        head_licence_id=offer.head_licence_id,
    )
    await granting.require_free(session, licence, deal.subject)
    return licence


async def _draft(
    session: AsyncSession,
    deal: Deal,
    terms: LicenceTerms,
    right_ids: Sequence[UUID],
    actor: Identity,
    *,
    head_licence_id: UUID | None = None,
    back: bool = False,
) -> Licence:
    await require_covered(session, right_ids, terms)
    sides = [deal.seller_organisation_id, deal.buyer_organisation_id]
    licensor, licensee = reversed(sides) if back else sides
    licence = Licence(
        created_at=now(session),
        deal_id=deal.id,
        position=2 if back else 1,
        licensor_organisation_id=licensor,
        licensee_organisation_id=licensee,
        head_licence_id=head_licence_id,
        kind=terms.kind,
        terms=terms.model_dump(mode="json"),
        currency=deal.currency,
    )
    begin(session, licence, actor, deal_id=deal.id, kind=terms.kind)
    await session.flush()
    session.add_all(
        LicenceRight(
            created_at=now(session), licence_id=licence.id, position=position, right_id=right_id
        )
        for position, right_id in enumerate(right_ids, 1)
    )
    await session.flush()
    await granting.effective_by(session, licence)
    return licence


async def change_terms(
    session: AsyncSession,
    deal: Deal,
    terms: LicenceTerms,
    back: tuple[Sequence[UUID], LicenceTerms] | None,
    *,
    actor: Actor,
) -> None:
    """Agree on other terms of a locked deal's licence, and on one that is granted back.

    Raises:
        NoLicenceDealError, PublishedTermsError: it is no licence, or an open one.
        NotOwnerError: what is granted back is not the buyer's.
        EncumberedError and the other conflicts: it could not be granted as things are.
    """
    licences = {licence.position: licence for licence in await _held(session, deal)}
    if deal.type is DealType.SALE:
        raise NoLicenceDealError
    if deal.type is DealType.OPEN:
        raise PublishedTermsError
    first = licences[1]
    await require_covered(session, await rights_of(session, deal), terms)
    move(session, first, "change", role=_side(first, actor), actor=actor)
    first.kind, first.terms = terms.kind, terms.model_dump(mode="json")
    await granting.effective_by(session, first)
    await granting.require_free(session, first, deal.subject)
    await _replace_back(session, deal, licences.get(2), back, actor=actor)
    if first.head_licence_id is None:
        deal.type = DealType.CROSS if back else DealType(terms.kind)
    await session.flush()


def _side(licence: Licence, actor: Actor) -> str:
    own = actor.organisation_id == licence.licensor_organisation_id
    return "licensor" if own else "licensee"


async def _replace_back(
    session: AsyncSession,
    deal: Deal,
    present: Licence | None,
    back: tuple[Sequence[UUID], LicenceTerms] | None,
    *,
    actor: Actor,
) -> None:
    if present is not None:
        rights = delete(LicenceRight).where(col(LicenceRight.licence_id) == present.id)
        await session.execute(rights)
        await session.delete(present)
        await session.flush()
    if back is None:
        return
    right_ids, terms = back
    for right_id in right_ids:
        await require_owner(session, right_id, deal.buyer_organisation_id)
    licence = await _draft(session, deal, terms, right_ids, actor, back=True)
    await granting.require_free(session, licence, deal.subject)


async def _held(session: AsyncSession, deal: Deal) -> Sequence[Licence]:
    found = await licences_of(session, deal.id, for_update=True)
    for licence in found:
        mark_locked(session, licence)
    return found


async def grant_all(session: AsyncSession, deal: Deal) -> bool:
    """Enter the licences of a paid deal; says whether the contract makes all of them effective.

    Raises:
        EncumberedError and the other conflicts: another was faster, and nothing has changed.
    """
    by_contract = True
    for licence in await _held(session, deal):
        await granting.grant(session, licence, deal.subject, actor=BY_SYSTEM)
        by_contract &= await granting.effective_by(session, licence) is EffectiveBy.CONTRACT
    return by_contract


async def grant_back(session: AsyncSession, deal: Deal, terms: LicenceTerms) -> None:
    """The buyer of rights whose title passed licenses them to their seller; done once.

    Raises:
        EncumberedError and the other conflicts: what stands on the rights leaves no room for it.
        RegistrationNeededError: it exists by its registration only, and the sale shows none.
    """
    if await _held(session, deal):
        return
    licence = await _draft(
        session, deal, terms, await rights_of(session, deal), BY_SYSTEM, back=True
    )
    await granting.grant(session, licence, deal.subject, actor=BY_SYSTEM)
    await take_effect(session, deal)


async def take_effect(session: AsyncSession, deal: Deal) -> None:
    """The licences of a deal run from today, and so do their first royalty periods.

    Raises:
        RegistrationNeededError: one exists by its registration only, and nobody has proved that.
    """
    today = now(session).date()
    for licence in await _held(session, deal):
        if licence.state != LicenceState.DRAFTED:
            continue
        waits = await granting.effective_by(session, licence) is EffectiveBy.REGISTRATION
        if waits and deal.recordal_evidence is None:
            raise RegistrationNeededError
        ends_on = await _ends_on(session, licence, today)
        told: dict[str, Any] = {"deal_id": deal.id, "starts_on": today, "ends_on": ends_on}
        if licence.head_licence_id is None:
            ends_on = await granting.keep_until(session, licence, deal.subject, ends_on)
        due_at = midnight(ends_on)
        move(session, licence, "take_effect", role=SYSTEM, actor=BY_SYSTEM, due_at=due_at, **told)
        licence.starts_on, licence.ends_on = today, ends_on
        await session.flush()
        await begin_report(session, licence)


async def _ends_on(session: AsyncSession, licence: Licence, today: date) -> date:
    """After the agreed term, or with the head licence or the last right, if that is sooner."""
    ends = {add_months(today, licence.agreed.term_months)}
    if licence.head_licence_id is not None:
        ends.add((await session.get_one(Licence, licence.head_licence_id)).until())
    last = last_end((await granting.ends_of_rights(session, licence)).values())
    return min(ends | {last} if last else ends)


async def register(
    session: AsyncSession, deal: Deal, registration: Registration, *, actor: Identity
) -> None:
    """Note the entry of the office's register that proves a deal's licences."""
    for licence in await _held(session, deal):
        if licence.head_licence_id is None:
            await granting.register(session, licence, deal.subject, registration, actor=actor)


async def undo(session: AsyncSession, deal: Deal, *, actor: Identity) -> None:
    """The deal is over without its licences: what was entered goes, what ran is void."""
    for licence in await _held(session, deal):
        if licence.state == LicenceState.DRAFTED:
            await granting.end(session, licence, deal.subject, actor=actor)
            move(session, licence, "void", role=SYSTEM, actor=actor, deal_id=deal.id)
        elif licence.state in LIVE:
            await _end(session, licence, "undo", role=SYSTEM, actor=actor)


async def give_notice(
    session: AsyncSession, licence_id: UUID, reason: str, *, actor: Actor
) -> Licence:
    """Licensor: name a breach. If it is not cured in sixty days, the licence ends."""
    licence, role = await lock_licence(session, licence_id, actor)
    move(session, licence, "give_notice", role=role, actor=actor)
    licence.notice_reason = reason
    assert licence.due_at
    assert licence.ends_on
    licence.due_at = min(licence.due_at, midnight(licence.ends_on))
    return licence


async def withdraw_notice(session: AsyncSession, licence_id: UUID, *, actor: Actor) -> Licence:
    """Licensor, or operator: the breach is cured; the licence goes on."""
    licence, role = await lock_licence(session, licence_id, actor)
    due_at = midnight(licence.ends_on) if licence.ends_on else None
    move(session, licence, "withdraw_notice", role=role, actor=actor, due_at=due_at)
    licence.notice_reason = None
    return licence


async def end_by(session: AsyncSession, licence_id: UUID, name: str, *, actor: Actor) -> Licence:
    """Licensee: `surrender` the licence. Operator: `terminate` it for a breach before the time."""
    licence, role = await lock_licence(session, licence_id, actor)
    await _end(session, licence, name, role=role, actor=actor)
    return licence


async def expire(session: AsyncSession, licence: Licence, *, role: str, actor: Identity) -> None:
    """The clock: the term is over."""
    await _end(session, licence, "expire", role=role, actor=actor)


async def terminate(session: AsyncSession, licence: Licence, *, role: str, actor: Identity) -> None:
    """The clock: a breach was not cured in time."""
    await _end(session, licence, "terminate", role=role, actor=actor)


async def cease(session: AsyncSession, licence: Licence, since: date) -> None:
    """The last of its rights is gone for good, since a day that may lie in the past."""
    await _end(session, licence, "cease", role=SYSTEM, actor=BY_SYSTEM, since=since)


async def _end(
    session: AsyncSession,
    licence: Licence,
    name: str,
    *,
    role: str,
    actor: Identity,
    since: date | None = None,
) -> None:
    """End a licence in effect, what is entered for it, its periods and its sub-licences."""
    told: Mapping[str, Any] = {"deal_id": licence.deal_id}
    move(session, licence, name, role=role, actor=actor, **told)
    assert licence.starts_on
    assert licence.ends_on
    ended_on = min(since or now(session).date(), licence.ends_on)
    licence.ended_on = max(ended_on, licence.starts_on)
    if licence.head_licence_id is None:
        await granting.end(session, licence, f"deal:{licence.deal_id}", actor=actor)
    await session.flush()
    await cut_off(session, licence, actor=actor)
    await _end_reading(session, licence.deal_id)
    await _end_subs(session, licence)


async def _end_reading(session: AsyncSession, deal_id: UUID) -> None:
    """With the last licence of a deal ends the leave to read what was disclosed for it."""
    query = select(Licence.id).where(col(Licence.deal_id) == deal_id, col(Licence.state).in_(LIVE))
    if (await session.execute(query.limit(1))).first() is None:
        await revoke_disclosures(session, purpose=f"deal:{deal_id}")


async def _end_subs(session: AsyncSession, head: Licence) -> None:
    query = (
        select(Licence.id)
        .where(col(Licence.head_licence_id) == head.id, col(Licence.state).in_(LIVE))
        .order_by(col(Licence.id))
    )
    for licence_id in (await session.execute(query)).scalars().all():
        licence = await lock(session, Licence, licence_id)
        await cease(session, licence, head.until())
