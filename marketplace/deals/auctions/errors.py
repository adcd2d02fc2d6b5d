from typing import Final

from marketplace.kernel.errors import ConflictError, ForbiddenError, UnprocessableError


class InvalidAuctionTermsError(UnprocessableError):
    code = "invalid_auction_terms"
    title = "An auction cannot be held by these terms"


class AuctionExistsError(ConflictError):
    code = "auction_exists"
    title = "The right is in a live auction already"


class SaleOnlyError(ConflictError):
    code = "sale_only"
    title = "Only a listing that sells its right can be auctioned"


class OwnAuctionError(ConflictError):
    code = "own_auction"
    title = "Who sells or owns the right does not bid for it"


class BidderExistsError(ConflictError):
    code = "bidder_exists"
    title = "You are registered for this auction"


class NotAdmittedError(ForbiddenError):
    code = "not_admitted"
    title = "Register for this auction and pay its deposit before you bid"


class HasBidError(ConflictError):
    code = "has_bid"
    title = "A bid binds; it cannot be taken back, and neither can what it is for"


class OtherKindError(ConflictError):
    code = "other_kind_of_auction"
    title = "Bids are sealed in a sealed auction, and open in an ascending one"


class AuctionOverError(ConflictError):
    code = "auction_over"
    title = "The auction is not open for this at this moment"


class BidTooLowError(ConflictError):
    code = "bid_too_low"
    title = "Bid at least the starting price, and a step more than the highest bid"


class CommitmentMismatchError(ConflictError):
    code = "commitment_mismatch"
    title = "This amount and nonce are not what you sealed last"


class AlreadyRevealedError(ConflictError):
    code = "already_revealed"
    title = "Your bid is open"


class NobodyNextError(ConflictError):
    code = "nobody_next"
    title = "No other valid bid reaches the reserve"


CONSTRAINT_ERRORS: Final = {
    "auction_one_live_per_right": AuctionExistsError,
    "auction_bidder_once": BidderExistsError,
    "auction_reveal_bid_unique": AlreadyRevealedError,
    "auction_bid_amount_unique": BidTooLowError,
}
