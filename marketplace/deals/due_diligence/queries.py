from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.organisations.queries import names_of
from marketplace.assets.consents.models import Consent
from marketplace.assets.consents.queries import consents_about
from marketplace.assets.encumbrances.checking import find_conflict
from marketplace.assets.encumbrances.kinds import Deed
from marketplace.assets.encumbrances.models import Encumbrance
from marketplace.assets.encumbrances.queries import living_of
from marketplace.assets.legal_rules.queries import rules_for
from marketplace.assets.models import Right
from marketplace.assets.standing.queries import checks_of, known_of
from marketplace.assets.standing.rules import project
from marketplace.assets.title.models import Conveyance
from marketplace.assets.title.queries import conveyances_known
from marketplace.assets.title.rules import replay
from marketplace.deals.bundles.service import amounts_of
from marketplace.deals.claims.service import ranks_before
from marketplace.deals.co_owners.service import owners_missing
from marketplace.deals.due_diligence.findings import FINDINGS, Given, Looked
from marketplace.deals.due_diligence.schemas import DueDiligenceSheet, Verdict
from marketplace.deals.licences.granting import may_be_granted
from marketplace.deals.licences.lifecycle import LicenceState
from marketplace.deals.licences.queries import licences_of, rights_in
from marketplace.deals.lifecycle import DealState
from marketplace.deals.models import Deal
from marketplace.kernel.db import now
from marketplace.kernel.money import Money
from marketplace.listings.deal_types import BY_LICENSEES, DealType
from marketplace.listings.licensing.service import is_pooled
from marketplace.listings.models import Listing


async def sheet_of(session: AsyncSession, deal: Deal) -> DueDiligenceSheet:
    """What is known at this moment of each right that a deal sells or licenses."""
    missing = await owners_missing(session, deal)
    looked = [await _look(session, deal, given, missing) for given in await _given(session, deal)]
    findings = [find(one) for one in looked for find in FINDINGS]
    return DueDiligenceSheet(
        deal_id=deal.id,
        right_id=deal.right_id,
        at=now(session),
        findings=findings,
        releasable=all(finding.verdict is not Verdict.BLOCKING for finding in findings),
    )


async def _given(session: AsyncSession, deal: Deal) -> list[Given]:
    seller, buyer = deal.seller_organisation_id, deal.buyer_organisation_id
    if deal.type is DealType.SALE:
        amounts = await amounts_of(session, deal)
        return [Given(one, seller, buyer, sold=True, done=deal.title_passed) for one in amounts]
    listing = await session.get_one(Listing, deal.listing_id)
    by_owner = deal.type not in BY_LICENSEES and not await is_pooled(session, listing)
    return [
        Given(
            right_id,
            licence.licensor_organisation_id,
            licence.licensee_organisation_id,
            sold=False,
            done=licence.state != LicenceState.DRAFTED,
            by_owner=by_owner,
            licence=licence,
        )
        for licence in await licences_of(session, deal.id)
        for right_id in await rights_in(session, licence.id)
    ]


async def _look(session: AsyncSession, deal: Deal, given: Given, missing: Sequence[UUID]) -> Looked:
    right = await session.get_one(Right, given.right_id)
    rules, known = await rules_for(session, right), await known_of(session, right.id)
    today = now(session).astimezone(rules.zone).date()
    links = await conveyances_known(session, right.id)
    agreed_by = f"listing:{deal.listing_id}" if deal.type is DealType.OPEN else deal.subject
    consents = await consents_about(session, right.id, given.to, agreed_by)
    burdens = await living_of(session, right.id)
    people = _people(links, consents, burdens) | set(missing)
    return Looked(
        given=given,
        right=right,
        at=now(session),
        today=today,
        standing=project(known, rules, on=today, seen_on=today),
        events=known.events,
        checked=await checks_of(session, right.id),
        chain=replay(links),
        links=links,
        consents=consents,
        consents_missing=missing,
        names=await names_of(session, people),
        burdens=burdens,
        is_in_the_way=bool(burdens) and await _stands_in_the_way(session, deal, given, burdens),
    )


def _people(
    links: Sequence[Conveyance], consents: Sequence[Consent], burdens: Sequence[Encumbrance]
) -> set[UUID]:
    """Whose names a sheet tells."""
    named = {
        *(link.to_organisation_id for link in links),
        *(link.from_organisation_id for link in links),
        *(consent.organisation_id for consent in consents),
        *(burden.holder_organisation_id for burden in burdens),
    }
    return {one for one in named if one is not None}


async def _stands_in_the_way(
    session: AsyncSession, deal: Deal, given: Given, burdens: Sequence[Encumbrance]
) -> bool:
    """By the same check as the signature or the grant, and later, as the release."""
    if given.licence is not None:
        if given.done or any(burden.subject == deal.subject for burden in burdens):
            return False  # it is entered itself
        return not await may_be_granted(session, given.licence, deal.subject)
    if given.done:
        return await ranks_before(session, deal, given.right_id) is not None
    price = Money((await amounts_of(session, deal))[given.right_id], deal.currency)
    signed = deal.state not in {DealState.AGREED, DealState.PARTLY_SIGNED}
    deed = Deed.TRANSFER if signed else Deed.SELL  # the last signature uses the consents up
    found = await find_conflict(
        session, given.right_id, deed, subject=deal.subject, by=given.by, price=price
    )
    return found is not None
