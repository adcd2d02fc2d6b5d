"""Consents to what brokers do in a deal, each to exactly one text, before that text is signed.

Both sides consent to a dual agency. Where several brokers share a side's commission, each of them
consents to its share; a single broker has agreed to its commission in its mandate.
"""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.deals.brokers.errors import (
    DualAgencyConsentError,
    NothingToConsentError,
    SplitConsentError,
)
from marketplace.deals.brokers.models import BrokerConsent, ConsentPurpose, DealBroker
from marketplace.deals.brokers.queries import brokers_of, consents_of, require_visible
from marketplace.deals.brokers.service import is_dual, sides_of
from marketplace.deals.lifecycle import DealState
from marketplace.deals.models import Deal
from marketplace.deals.parties import lock_for
from marketplace.documents.errors import TextChangedError
from marketplace.documents.signatures import newest
from marketplace.kernel.db import lock, now
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import IllegalMoveError, NotYourMoveError

BEFORE_SIGNED = frozenset({DealState.AGREED, DealState.PARTLY_SIGNED})


async def consent_to_dual_agency(
    session: AsyncSession, deal_id: UUID, sha256: str, *, actor: Actor
) -> Deal:
    """A side consents to a broker that also acts for the other, in the text as it is.

    Raises:
        NotYourMoveError: the actor is no side of the deal.
        NothingToConsentError: nobody acts for both sides.
        TextChangedError: `sha256` is not the present text.
        IllegalMoveError: both sides have signed, or the deal has ended.
    """
    deal, _ = await lock_for(session, deal_id, actor)
    if actor.organisation_id not in sides_of(deal):
        raise NotYourMoveError("the two sides consent")
    if not deal.dual_agency:
        raise NothingToConsentError
    await _consent(session, deal, ConsentPurpose.DUAL_AGENCY, sha256, actor)
    return deal


async def consent_to_split(
    session: AsyncSession, deal_id: UUID, sha256: str, *, actor: Actor
) -> Deal:
    """A broker consents to its share among those of its side, in the text as it is.

    Raises:
        NotYourMoveError: the actor is no broker of the deal.
        NothingToConsentError: it shares with nobody.
        TextChangedError, IllegalMoveError: as for consenting to a dual agency.
    """
    await require_visible(session, deal_id, actor)
    deal = await lock(session, Deal, deal_id)
    found = await brokers_of(session, deal)
    if actor.organisation_id not in {one.broker_organisation_id for one in found}:
        raise NotYourMoveError("the brokers consent")
    if actor.organisation_id not in _sharing(found):
        raise NothingToConsentError
    await _consent(session, deal, ConsentPurpose.SPLIT, sha256, actor)
    return deal


async def _consent(
    session: AsyncSession, deal: Deal, purpose: ConsentPurpose, sha256: str, actor: Actor
) -> None:
    """Write a consent down; given again, nothing happens."""
    if deal.state not in BEFORE_SIGNED:
        raise IllegalMoveError(f"the deal is {deal.state}", state=deal.state)
    text = await newest(session, deal.subject)
    if text.sha256 != sha256:
        raise TextChangedError(f"the present text has SHA-256 {text.sha256}")
    if actor.organisation_id in await _consented(session, deal, purpose, sha256):
        return
    session.add(
        BrokerConsent(
            created_at=now(session),
            deal_id=deal.id,
            purpose=purpose,
            organisation_id=actor.organisation_id,
            user_id=actor.person_id,
            sha256=sha256,
        )
    )
    told = {"purpose": purpose, "sha256": sha256, "organisation_id": actor.organisation_id}
    publish(session, "deal.broker_consent", subject=deal.subject, actor=actor.label, data=told)
    await session.flush()


def _sharing(found: Sequence[DealBroker]) -> set[UUID]:
    """Who shares a side's commission with others."""
    count = Counter(one.side for one in found)
    return {one.broker_organisation_id for one in found if count[one.side] > 1}


async def _consented(
    session: AsyncSession, deal: Deal, purpose: ConsentPurpose, sha256: str
) -> set[UUID]:
    return {
        one.organisation_id
        for one in await consents_of(session, deal.id)
        if one.purpose is purpose and one.sha256 == sha256
    }


async def require_consents(session: AsyncSession, deal: Deal, sha256: str, *, actor: Actor) -> None:
    """Refuse a signature under a text about brokers that somebody has yet to consent to.

    Raises:
        DualAgencyConsentError: the actor's side has not consented, or the text does not tell of it.
        SplitConsentError: a broker that shares has not.
    """
    found = await brokers_of(session, deal)
    if await is_dual(session, deal, found) and not deal.dual_agency:
        raise DualAgencyConsentError("it has come to be since the text was drawn up; amend it")
    given = await _consented(session, deal, ConsentPurpose.DUAL_AGENCY, sha256)
    if deal.dual_agency and actor.organisation_id not in given:
        raise DualAgencyConsentError
    if _sharing(found) - await _consented(session, deal, ConsentPurpose.SPLIT, sha256):
        raise SplitConsentError
