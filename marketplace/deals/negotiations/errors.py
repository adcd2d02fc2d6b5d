from marketplace.kernel.errors import ConflictError, UnprocessableError


class OwnListingError(ConflictError):
    code = "own_listing"
    title = "This is your own listing"


class NegotiationExistsError(ConflictError):
    code = "negotiation_exists"
    title = "You have a live negotiation over this listing; answer there"


class ListingNotOpenError(ConflictError):
    code = "listing_not_open"
    title = "The listing takes no offers now"


class OfferExpiredError(ConflictError):
    code = "offer_expired"
    title = "The offer is no longer valid; make a new one"


class OfferChangedError(ConflictError):
    code = "offer_changed"
    title = "A newer offer stands; read it before you accept"


class InvalidValidityError(UnprocessableError):
    code = "invalid_validity"
    title = "An offer is valid for one hour at least and ninety days at most"


class OpenLicenceError(ConflictError):
    code = "open_licence"
    title = "An open licence is not negotiated; take it by notice on the published terms"


class PriceNeededError(UnprocessableError):
    code = "price_needed"
    title = "Only a licence with a running royalty can be had without a price"


class RoundLimitError(ConflictError):
    code = "round_limit"
    title = "This negotiation has had its hundred rounds; accept or decline"


CONSTRAINT_ERRORS = {"negotiation_one_live_per_buyer": NegotiationExistsError}
