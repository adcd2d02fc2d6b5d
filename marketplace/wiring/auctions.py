from typing import Final

from marketplace.deals.auctions import api as auctions_api
from marketplace.deals.auctions import bidders, deciding, turning
from marketplace.deals.auctions import errors as auctions_errors
from marketplace.deals.auctions import personal_data as auctions_personal_data
from marketplace.deals.auctions import verify as auctions_verify
from marketplace.deals.auctions.handlers import CONSUMER
from marketplace.deals.auctions.lifecycle import AUCTION, AUCTION_BIDDER
from marketplace.deals.auctions.models import (
    Auction,
    AuctionBid,
    AuctionBidder,
    AuctionReveal,
)
from marketplace.kernel.clocks import Clock
from marketplace.wiring.domain import Domain

AUCTIONS: Final = Domain(
    routers=(auctions_api.router,),
    lifecycles=(AUCTION, AUCTION_BIDDER),
    consumers=(CONSUMER,),
    clocks=(
        Clock(
            Auction,
            {
                "open": turning.open_bidding,
                "close": turning.close_bidding,
                "award": deciding.decide,
                "lapse": deciding.lapse,
                "end": deciding.end_lapsed,
            },
        ),
        Clock(AuctionBidder, {"withdraw": bidders.withdraw, "release": bidders.settle}),
    ),
    constraint_errors=auctions_errors.CONSTRAINT_ERRORS,
    personal_data=(auctions_personal_data.PERSONAL_DATA,),
    append_only=(AuctionBid.__tablename__, AuctionReveal.__tablename__),
    proofs=auctions_verify.CHECKS,
)
