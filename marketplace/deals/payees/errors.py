from marketplace.kernel.errors import ConflictError, UnprocessableError


class InvalidSharesError(UnprocessableError):
    code = "invalid_shares"
    title = "Shares are exact fractions, each above zero, that sum to one"


class InvalidPayeeError(UnprocessableError):
    code = "invalid_payee"
    title = "A payee is an organisation named once, and not the buyer"


class FeesSharedError(ConflictError):
    code = "fees_shared"
    title = "The law divides what this licence earns among all owners, by their shares"


CONSTRAINT_ERRORS = {"deal_payee_whole": InvalidSharesError}
