"""The personal data of auctions: what persons put up, and what they bid."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from marketplace.accounts.personal_data.registry import (
    OWN,
    Holder,
    Obligation,
    PersonalData,
    Section,
    events_about,
)
from marketplace.deals.auctions.models import Auction, AuctionBid, AuctionBidder, AuctionReveal
from marketplace.kernel.db import fetch

_AUCTIONS: Final = f"SELECT id FROM auction WHERE seller_organisation_id = {OWN}"
_BIDDERS: Final = f"SELECT id FROM auction_bidder WHERE organisation_id = {OWN}"
_BIDS: Final = f"SELECT id FROM auction_bid WHERE bidder_id IN ({_BIDDERS})"
_OPEN: Final = text(
    """
    SELECT 'auction_running' AS code, 'auction:' || a.id AS subject,
        'this auction is ' || a.state || ': cancel it or see it through first' AS detail
    FROM auction a WHERE a.state NOT IN ('sold', 'unsold', 'cancelled')
        AND a.seller_organisation_id = ANY (:ids)
    UNION ALL
    SELECT 'auction_registration', 'auction_bidder:' || b.id,
        'you take part in an auction: leave it or see it through first'
    FROM auction_bidder b WHERE b.state IN ('awaiting_deposit', 'admitted')
        AND b.organisation_id = ANY (:ids)
    ORDER BY code, subject LIMIT 100
    """
)


async def _obligations(session: AsyncSession, holder: Holder) -> list[Obligation]:
    rows = await fetch(session, _OPEN, ids=holder.answerable_ids)
    return [Obligation(row.code, row.subject, row.detail) for row in rows]


def _of(name: str, model: type[SQLModel], where: str) -> Section:
    return Section(name, model, tuple(model.model_fields), where)


PERSONAL_DATA: Final = PersonalData(
    sections=(
        _of("auctions", Auction, f"seller_organisation_id = {OWN}"),
        _of("auction_bidders", AuctionBidder, f"organisation_id = {OWN}"),
        _of("auction_bids", AuctionBid, f"bidder_id IN ({_BIDDERS})"),
        _of("auction_reveals", AuctionReveal, f"bid_id IN ({_BIDS})"),
        events_about("auction_events", "auction", _AUCTIONS),
        events_about("auction_bidder_events", "auction_bidder", _BIDDERS),
    ),
    kept={
        "auction.evidence": "where the register tells of a sale: evidence of both sides",
        "auction.outcome": "a word of the platform's, not of the person",
        "auction_bid.commitment": "a hash by which a bid is proved",
        "auction_reveal.nonce": "the rest of that proof",
    },
    obligations=_obligations,
)
