from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, status

from marketplace.accounts.access import Allowed, Keys
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.assets.errors import NotOwnerError
from marketplace.deals.access import MOVE_ERRORS, Operator, Reader
from marketplace.deals.auctions import bidders, bidding, deciding, opening, paying, queries
from marketplace.deals.auctions.errors import (
    AlreadyRevealedError,
    AuctionExistsError,
    AuctionOverError,
    BidderExistsError,
    BidTooLowError,
    CommitmentMismatchError,
    HasBidError,
    InvalidAuctionTermsError,
    NobodyNextError,
    NotAdmittedError,
    OtherKindError,
    OwnAuctionError,
    SaleOnlyError,
)
from marketplace.deals.auctions.lifecycle import AuctionState
from marketplace.deals.auctions.schemas import (
    AuctionRead,
    AuctionRecord,
    AuctionTerms,
    BidPlace,
    BidRead,
    BidReveal,
    BidSeal,
    OwnAuctionRead,
    RegistrationRead,
)
from marketplace.deals.errors import SamePeopleError
from marketplace.deals.licences.access import CONFLICTS
from marketplace.deals.negotiations.errors import ListingNotOpenError
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.money import CurrencyMismatchError, UnknownCurrencyError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page
from marketplace.payments.access import Ways
from marketplace.payments.errors import RequestNotOpenError

router = transactional_router(prefix="/v1", tags=["auctions"])

Seller = Annotated[Actor, Depends(Allowed(Permission.LIST))]
Canceller = Annotated[Actor, Depends(Allowed(Permission.LIST, Permission.OPERATE_DEALS))]
Bidder = Annotated[Actor, Depends(Allowed(Permission.NEGOTIATE))]
DOOR_ERRORS = (InvalidTokenError, PermissionMissingError, NotFoundError)
BID_ERRORS = (
    *DOOR_ERRORS,
    OtherKindError,
    AuctionOverError,
    NotAdmittedError,
    OwnAuctionError,
    SamePeopleError,
)


@router.post(
    "/listings/{listing_id}/auctions",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        *DOOR_ERRORS,
        ListingNotOpenError,
        SaleOnlyError,
        InvalidAuctionTermsError,
        CurrencyMismatchError,
        UnknownCurrencyError,
        AuctionExistsError,
        *CONFLICTS,
    ),
)
async def open_auction(
    listing_id: UUID, request: AuctionTerms, actor: Seller, session: Session
) -> OwnAuctionRead:
    """Auction what your listing offers. Until the auction is over nobody negotiates over it.

    Ascending, everybody sees the highest bid and bids more; sealed, everybody sends a hash and
    opens it after the close. The terms never change, and from the first bid on they bind you.
    """
    auction = await opening.open_on_listing(session, listing_id, request, actor=actor)
    return await queries.read_own(session, auction)


@router.get("/auctions", responses=problems(InvalidCursorError))
async def list_auctions(
    session: Session,
    listing_id: Annotated[UUID | None, Query(description="of this listing")] = None,
    state: Annotated[AuctionState | None, Query(description="that are in this state")] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[AuctionRead]:
    """Auctions, newest first."""
    found, following = await queries.auctions(
        session, listing_id=listing_id, state=state, cursor=cursor, limit=limit
    )
    return Page(items=await queries.read_all(session, found), next=following)


@router.get("/auctions/{auction_id}", responses=problems(NotFoundError))
async def get_auction(auction_id: UUID, session: Session) -> AuctionRead:
    """An auction: its terms but for the reserve, and how it stands."""
    found = await queries.get_auction(session, auction_id)
    return (await queries.read_all(session, [found]))[0]


@router.get("/auctions/{auction_id}/bids", responses=problems(NotFoundError, InvalidCursorError))
async def auction_bids(
    auction_id: UUID, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[BidRead]:
    """Bids, newest first. Of a sealed one there is but the hash, until its bidder opens it."""
    auction = await queries.get_auction(session, auction_id)
    found, following = await queries.bids_of(session, auction, cursor=cursor, limit=limit)
    return Page(items=found, next=following)


@router.get("/auctions/{auction_id}/terms", responses=problems(InvalidTokenError, NotFoundError))
async def own_auction(auction_id: UUID, actor: Reader, session: Session) -> OwnAuctionRead:
    """Seller: your auction with its reserve, and the deal that came of it."""
    auction = await queries.get_auction(session, auction_id)
    if auction.seller_organisation_id != actor.organisation_id:
        raise NotFoundError("no such auction")
    return await queries.read_own(session, auction)


@router.post("/auctions/{auction_id}/cancel", responses=problems(*MOVE_ERRORS, HasBidError))
async def cancel_auction(auction_id: UUID, actor: Canceller, session: Session) -> OwnAuctionRead:
    """Seller, before the first bid, or operator, before the decision: call it off.

    Deposits go back, and the listing is open again.
    """
    auction = await opening.cancel(session, auction_id, actor=actor)
    return await queries.read_own(session, auction)


@router.post(
    "/auctions/{auction_id}/registration",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        *DOOR_ERRORS, AuctionOverError, OwnAuctionError, SamePeopleError, BidderExistsError
    ),
)
async def register_bidder(
    auction_id: UUID, actor: Bidder, session: Session, ways: Ways
) -> RegistrationRead:
    """Take part. Your bids count once your deposit has come; it goes back unless you win.

    Who wins and does not sign and pay in time loses it; paid in time, it is part of the price.
    """
    bidder = await bidders.register(session, auction_id, actor=actor)
    auction = await queries.get_auction(session, auction_id)
    return await queries.read_registration(session, auction, bidder, ways)


@router.get(
    "/auctions/{auction_id}/registration", responses=problems(InvalidTokenError, NotFoundError)
)
async def own_registration(
    auction_id: UUID, actor: Reader, session: Session, ways: Ways
) -> RegistrationRead:
    """Your registration: your deposit, what is to be paid, and the deal that you won."""
    return await queries.own_registration(session, auction_id, ways, actor=actor)


@router.delete(
    "/auctions/{auction_id}/registration",
    responses=problems(*MOVE_ERRORS, HasBidError, RequestNotOpenError),
)
async def leave_auction(
    auction_id: UUID, actor: Bidder, session: Session, ways: Ways
) -> RegistrationRead:
    """Take part no more, if you have not bid; your deposit goes back."""
    bidder = await bidders.leave(session, auction_id, actor=actor)
    auction = await queries.get_auction(session, auction_id)
    return await queries.read_registration(session, auction, bidder, ways)


@router.post(
    "/auctions/{auction_id}/bids",
    status_code=status.HTTP_201_CREATED,
    responses=problems(*BID_ERRORS, BidTooLowError, CurrencyMismatchError, UnknownCurrencyError),
)
async def place_bid(
    auction_id: UUID, request: BidPlace, actor: Bidder, session: Session
) -> BidRead:
    """Bid in an ascending auction: at least a step more than the highest. It binds."""
    made = await bidding.bid(session, auction_id, request.price.money(), actor=actor)
    return await queries.read_bid(session, made)


@router.post(
    "/auctions/{auction_id}/sealed-bids",
    status_code=status.HTTP_201_CREATED,
    responses=problems(*BID_ERRORS),
)
async def seal_bid(auction_id: UUID, request: BidSeal, actor: Bidder, session: Session) -> BidRead:
    """Bid in a sealed auction: send the SHA-256 of ids, amount and nonce, and keep these yourself.

    Nobody can read the amount before you open it, the operator included. A later one takes its
    place, and its time. It binds.
    """
    made = await bidding.seal(session, auction_id, request.sha256, actor=actor)
    return await queries.read_bid(session, made)


@router.post(
    "/auctions/{auction_id}/reveal",
    responses=problems(
        *MOVE_ERRORS,
        OtherKindError,
        AuctionOverError,
        NotAdmittedError,
        CommitmentMismatchError,
        AlreadyRevealedError,
        CurrencyMismatchError,
        UnknownCurrencyError,
    ),
)
async def reveal_bid(
    auction_id: UUID, request: BidReveal, actor: Bidder, session: Session
) -> BidRead:
    """Open your sealed bid after the close, in the hours for it; another does not win."""
    price = request.price.money()
    made = await bidding.reveal(session, auction_id, price, request.nonce, actor=actor)
    return await queries.read_bid(session, made)


@router.post(
    "/auctions/{auction_id}/offer-next",
    responses=problems(
        *MOVE_ERRORS,
        NobodyNextError,
        AuctionExistsError,
        ListingNotOpenError,
        NotOwnerError,
        *CONFLICTS,
    ),
)
async def offer_to_next(
    auction_id: UUID, actor: Seller, session: Session, keys: Keys
) -> OwnAuctionRead:
    """Seller: the winner did not pay; offer it to the next valid bid, who may let it pass."""
    auction = await deciding.offer_next(session, keys, auction_id, actor=actor)
    return await queries.read_own(session, auction)


@router.post("/auctions/{auction_id}/end", responses=problems(*MOVE_ERRORS))
async def end_auction(auction_id: UUID, actor: Seller, session: Session) -> OwnAuctionRead:
    """Seller: the winner did not pay; offer it to nobody else."""
    auction = await deciding.end(session, auction_id, actor=actor)
    return await queries.read_own(session, auction)


@router.post("/auctions/{auction_id}/record", responses=problems(*MOVE_ERRORS))
async def record_auction(
    auction_id: UUID, request: AuctionRecord, actor: Operator, session: Session
) -> AuctionRead:
    """Operator: the register tells that auctioned collateral is the winner's."""
    found = await paying.record(session, auction_id, request.evidence, actor=actor)
    return (await queries.read_all(session, [found]))[0]
