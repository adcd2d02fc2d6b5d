from typing import Final

from marketplace.kernel.errors import ConflictError, ForbiddenError, UnprocessableError


class NotYourProductError(ForbiddenError):
    code = "not_your_product"
    title = "An organisation of your kind does not offer this product"


class OwnDemandError(ConflictError):
    code = "own_demand"
    title = "Nobody answers a demand of their own, or of their own group"


class OfferUnfitError(ConflictError):
    code = "offer_unfit"
    title = "The offer does not answer what was asked for"


class DemandOfferExistsError(ConflictError):
    code = "demand_offer_exists"
    title = "Your offer for this demand stands; withdraw it first"


class InvalidDemandError(UnprocessableError):
    code = "invalid_demand"
    title = "These terms make no demand"


CONSTRAINT_ERRORS: Final = {
    "demand_offer_one_live": DemandOfferExistsError,
}
