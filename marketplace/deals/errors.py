from marketplace.kernel.errors import ConflictError, UnprocessableError


class SamePeopleError(ConflictError):
    code = "same_people"
    title = "The same person acts for both sides; buyer and seller must be different people"


class WaiverMissingError(ConflictError):
    code = "waiver_missing"
    title = "The seller has not waived the recordal evidence; wait for the operator to record it"


class NothingToWaiveError(ConflictError):
    code = "already_waived"
    title = "You have waived the recordal evidence"


class InvalidSplitError(UnprocessableError):
    code = "invalid_split"
    title = "The two parts must be positive and sum to the price"


class TitleNotReturnableError(ConflictError):
    code = "title_not_returnable"
    title = "The buyer no longer owns the right, or is selling it, so the deal cannot be reversed"


class BurdensChangedError(ConflictError):
    code = "burdens_changed"
    title = "What burdens the right is not what the agreement says; amend the agreement, then sign"


class TitleLostError(ConflictError):
    code = "title_lost"
    title = "The register tells of another owner than the buyer; open a dispute"


class ChargedBackError(ConflictError):
    code = "charged_back"
    title = "The buyer's bank took the payment back, so there is nothing to pay the seller from"


class RefundTooLargeError(UnprocessableError):
    code = "refund_too_large"
    title = "More than is left of what was released"
