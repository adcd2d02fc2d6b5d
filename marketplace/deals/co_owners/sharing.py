"""What an ordinary licence earns belongs to all owners, where the law says so (DOMAIN B2: CN)."""

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.assets.legal_rules.models import Topic
from marketplace.assets.legal_rules.queries import rules_for
from marketplace.assets.legal_rules.terms import Consents
from marketplace.assets.models import Right
from marketplace.assets.title.queries import owners_of
from marketplace.deals.bundles.service import items_of
from marketplace.deals.models import Deal
from marketplace.deals.payees.models import PayeeRole
from marketplace.deals.payees.service import put_shares
from marketplace.kernel.db import now
from marketplace.listings.deal_types import LicenceKind
from marketplace.listings.licensing.models import LicenceOffer

ORDINARY: Final = frozenset({LicenceKind.NON_EXCLUSIVE, LicenceKind.OPEN})
"""Of any other licence the owners consent to the text, and with it to who is paid."""


async def share_fees(session: AsyncSession, deal: Deal, offer: LicenceOffer) -> None:
    """Name all owners as payees of an ordinary licence that one of them gives alone.

    Of a bundle each right counts by its weight. An owner who is the licensee pays nobody's share to
    themselves: the others divide it.
    """
    if not deal.co_owned or offer.offered.kind not in ORDINARY:
        return
    items = await items_of(session, deal)
    weights = {item.right_id: item.weight for item in items} or {deal.right_id: 1}
    shares: dict[UUID, Fraction] = defaultdict(Fraction)
    for right_id, weight in weights.items():
        for owner, share in (await _earning(session, deal, right_id)).items():
            shares[owner] += share * weight
    if shares.keys() == {deal.seller_organisation_id}:
        return
    whole = sum(shares.values())
    seller = deal.seller_organisation_id
    owners = sorted(shares, key=lambda owner: (owner != seller, owner))
    named = {owner: shares[owner] / whole for owner in owners}
    roles = dict.fromkeys(owners, PayeeRole.CO_OWNER) | {seller: PayeeRole.SELLER}
    await put_shares(session, deal, named, roles)
    deal.fees_shared = True


async def _earning(session: AsyncSession, deal: Deal, right_id: UUID) -> Mapping[UUID, Fraction]:
    """Who earns from a right: its owners but the licensee, or whoever gives the licence alone."""
    right = await session.get_one(Right, right_id)
    rules = await rules_for(session, right)
    today = now(session).astimezone(rules.zone).date()
    rule = rules.at(Topic.CONSENTS, Consents, today)
    if rule is None or not rule.fees_shared:
        return {deal.seller_organisation_id: Fraction(1)}
    shares = dict(await owners_of(session, right_id))
    bought = shares.pop(deal.buyer_organisation_id, Fraction(0))
    return {owner: share / (1 - bought) for owner, share in shares.items()}
