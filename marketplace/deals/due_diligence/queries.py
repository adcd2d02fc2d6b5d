from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.organisations.queries import names_of
from marketplace.assets.consents.queries import consents_about
from marketplace.assets.encumbrances.checking import find_conflict
from marketplace.assets.encumbrances.errors import EncumberedError
from marketplace.assets.encumbrances.kinds import Deed
from marketplace.assets.encumbrances.queries import living_of
from marketplace.assets.legal_rules.queries import rules_for
from marketplace.assets.models import Right
from marketplace.assets.standing.queries import checks_of, known_of
from marketplace.assets.standing.rules import project
from marketplace.assets.title.queries import conveyances_known
from marketplace.assets.title.rules import replay
from marketplace.deals.claims.service import require_unburdened
from marketplace.deals.co_owners.service import owners_missing
from marketplace.deals.due_diligence.findings import FINDINGS, Looked
from marketplace.deals.due_diligence.schemas import DueDiligenceSheet, Verdict
from marketplace.deals.models import Deal
from marketplace.kernel.db import now
from marketplace.kernel.money import Money


async def sheet_of(session: AsyncSession, deal: Deal) -> DueDiligenceSheet:
    """What is known at this moment of the right that a deal is over."""
    right = await session.get_one(Right, deal.right_id)
    rules, known = await rules_for(session, right), await known_of(session, right.id)
    today = now(session).astimezone(rules.zone).date()
    links = await conveyances_known(session, right.id)
    consents = await consents_about(session, right.id, deal.buyer_organisation_id)
    missing = await owners_missing(session, deal)
    burdens = await living_of(session, right.id)
    people = {
        *(link.to_organisation_id for link in links),
        *(link.from_organisation_id for link in links if link.from_organisation_id),
        *(consent.organisation_id for consent in consents),
        *(burden.holder_organisation_id for burden in burdens if burden.holder_organisation_id),
        *missing,
    }
    looked = Looked(
        deal=deal,
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
        is_in_the_way=bool(burdens) and await _stands_in_the_way(session, deal),
    )
    findings = [find(looked) for find in FINDINGS]
    return DueDiligenceSheet(
        deal_id=deal.id,
        right_id=right.id,
        at=looked.at,
        findings=findings,
        releasable=all(finding.verdict is not Verdict.BLOCKING for finding in findings),
    )


async def _stands_in_the_way(session: AsyncSession, deal: Deal) -> bool:
    """By the same check as the signature, and once the title has passed, as the release."""
    if not deal.title_passed:
        seller, price = deal.seller_organisation_id, Money(deal.price_minor, deal.currency)
        found = await find_conflict(
            session, deal.right_id, Deed.SELL, subject=deal.subject, by=seller, price=price
        )
        return found is not None
    try:
        await require_unburdened(session, deal)
    except EncumberedError:
        return True
    return False
