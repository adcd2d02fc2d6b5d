from marketplace.kernel.errors import ConflictError, UnprocessableError


class AlreadyListedError(ConflictError):
    code = "already_listed"
    title = "This right has a listing; edit or withdraw that one"


class ConfidentialTextMissingError(ConflictError):
    code = "confidential_text_missing"
    title = "Put the idea's confidential text first: it is what the buyer pays for"


class TerritoryNotCoveredError(UnprocessableError):
    code = "territory_not_covered"
    title = "None of the rights holds in this territory"


CONSTRAINT_ERRORS = {"listing_one_live_per_right": AlreadyListedError}
