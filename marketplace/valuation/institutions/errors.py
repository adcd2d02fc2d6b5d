from marketplace.kernel.errors import ConflictError, UnprocessableError


class NotDesignatedError(ConflictError):
    code = "not_designated"
    title = "Only an organisation that was designated as a valuation institution keeps a profile"


class InterestEndError(UnprocessableError):
    code = "interest_end"
    title = "An interest ends today or later, and not before it began"
