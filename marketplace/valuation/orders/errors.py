from marketplace.kernel.errors import ConflictError, ForbiddenError, UnprocessableError


class InstitutionNotChosenError(ForbiddenError):
    code = "institution_not_chosen"
    title = "For this purpose nobody chooses the institution: it is drawn"


class LenderMissingError(UnprocessableError):
    code = "lender_missing"
    title = "For a loan or guarantee name who is to give it: the valuer must not be of its group"


class UnfitInstitutionError(ConflictError):
    code = "unfit_institution"
    title = "The institution that you name cannot take this case"


class UnfitDatesError(UnprocessableError):
    code = "unfit_dates"
    title = "The base date is of the last 25 years, and the deadline leaves time for the work"


class InvalidFeeSharesError(UnprocessableError):
    code = "invalid_fee_shares"
    title = "The payers' shares sum to one, and each of them pays something"


class AlreadyAcceptedError(ConflictError):
    code = "already_accepted"
    title = "An institution has begun to work; let it finish, or wait for the deadline"
