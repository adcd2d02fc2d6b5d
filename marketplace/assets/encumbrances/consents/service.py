"""Consents of whoever holds an encumbrance: to one act, of one deal, once, until a day."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.assets.encumbrances.consents.schemas import (
    ConsentAct,
    HolderConsentGive,
    HolderConsentRead,
)
from marketplace.assets.encumbrances.errors import ConsentUsedError, InvalidTermsError
from marketplace.assets.encumbrances.lifecycle import LIVE
from marketplace.assets.encumbrances.models import Encumbrance, EncumbranceConsent
from marketplace.assets.models import RightReservation
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.pagination import page_by_id
from marketplace.kernel.schemas import Amount


async def give_consent(
    session: AsyncSession, encumbrance_id: UUID, request: HolderConsentGive, *, actor: Actor
) -> EncumbranceConsent:
    """Record a consent of the holder's.

    Raises:
        NotFoundError: it is not the actor's to consent for.
        InvalidTermsError: it has ended, the deal is not over this right, or the amounts do not fit.
        ConsentExistsError: by the database, when one to the same act stands.
    """
    encumbrance = await _lock_held(session, encumbrance_id, actor)
    if encumbrance.state not in LIVE or request.expires_at <= now(session):
        raise InvalidTermsError("the encumbrance has ended, or the consent would have")
    consent = EncumbranceConsent(
        created_at=now(session),
        encumbrance_id=encumbrance.id,
        act=str(request.act),
        subject=await _subject(session, encumbrance, request),
        given_by=actor.person_id,
        expires_at=request.expires_at,
        **_amounts(encumbrance, request),
    )
    session.add(consent)
    _tell(session, consent, "consent", actor)
    await session.flush()
    return consent


async def _subject(
    session: AsyncSession, encumbrance: Encumbrance, request: HolderConsentGive
) -> str:
    """What the consent is for: a deal, or what the owner does without one."""
    if request.deal_id is None:
        return f"right:{encumbrance.right_id}"
    subject = f"deal:{request.deal_id}"
    query = select(RightReservation.id).where(
        col(RightReservation.right_id) == encumbrance.right_id,
        col(RightReservation.subject) == subject,
        col(RightReservation.reserved_until).is_(None),
    )
    if request.act is ConsentAct.SELL and (await session.execute(query)).first() is None:
        raise InvalidTermsError("no such deal over this right is under way")
    return subject


def _amounts(encumbrance: Encumbrance, request: HolderConsentGive) -> dict[str, Any]:
    """The least price, and what of it pays the secured claim."""
    if request.price_at_least is None:
        return {}
    secured = encumbrance.secured_minor or 0
    claim = secured if request.claim_minor is None else request.claim_minor
    currency = request.price_at_least.currency
    if claim > secured or (claim and currency != encumbrance.currency):
        raise InvalidTermsError(f"{secured} {encumbrance.currency or ''} are secured".rstrip())
    return {
        "price_minor": request.price_at_least.amount_minor,
        "claim_minor": claim,
        "currency": currency,
    }


async def revoke_consent(
    session: AsyncSession, encumbrance_id: UUID, consent_id: UUID, *, actor: Actor
) -> EncumbranceConsent:
    """Take a consent back that was not used. Revoked already, nothing happens.

    Raises:
        NotFoundError: no such consent of the actor's.
        ConsentUsedError: what it was for has happened.
    """
    await _lock_held(session, encumbrance_id, actor)
    consent = await lock(session, EncumbranceConsent, consent_id)
    if consent.encumbrance_id != encumbrance_id:
        raise NotFoundError("no such consent")
    if consent.used_at is not None:
        raise ConsentUsedError
    if consent.revoked_at is None:
        consent.revoked_at = now(session)
        _tell(session, consent, "revoke_consent", actor)
    return consent


async def consents_of(
    session: AsyncSession, encumbrance_id: UUID, *, cursor: str | None, limit: int
) -> tuple[Sequence[EncumbranceConsent], str | None]:
    """The consents to what an encumbrance stands against, newest first."""
    query = select(EncumbranceConsent).where(
        col(EncumbranceConsent.encumbrance_id) == encumbrance_id
    )
    return await page_by_id(session, query, EncumbranceConsent, cursor=cursor, limit=limit)


def read_consent(consent: EncumbranceConsent) -> HolderConsentRead:
    def amount(minor: int | None) -> Amount | None:
        if minor is None or consent.currency is None:
            return None
        return Amount(amount_minor=minor, currency=consent.currency)

    own = HolderConsentRead.model_fields.keys() & EncumbranceConsent.model_fields.keys()
    return HolderConsentRead(
        **{name: getattr(consent, name) for name in own},
        price_at_least=amount(consent.price_minor),
        claim=amount(consent.claim_minor),
        paid=amount(consent.paid_minor),
    )


async def _lock_held(session: AsyncSession, encumbrance_id: UUID, actor: Actor) -> Encumbrance:
    encumbrance = await lock(session, Encumbrance, encumbrance_id)
    if encumbrance.holder_organisation_id != actor.organisation_id:
        raise NotFoundError("no such encumbrance")
    return encumbrance


def _tell(session: AsyncSession, consent: EncumbranceConsent, name: str, actor: Actor) -> None:
    subject = f"encumbrance:{consent.encumbrance_id}"
    data = {"consent_id": consent.id, "act": consent.act, "for": consent.subject}
    publish(session, f"encumbrance.{name}", subject=subject, actor=actor.label, data=data)
