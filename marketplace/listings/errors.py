from marketplace.kernel.errors import ConflictError


class AlreadyListedError(ConflictError):
    code = "already_listed"
    title = "This right has a listing; edit or withdraw that one"


class ConfidentialTextMissingError(ConflictError):
    code = "confidential_text_missing"
    title = "Put the idea's confidential text first: it is what the buyer pays for"


CONSTRAINT_ERRORS = {"listing_one_live_per_right": AlreadyListedError}
