from marketplace.kernel.errors import ConflictError, UnprocessableError


class SameCurrencyError(UnprocessableError):
    code = "same_currency"
    title = "A conversion is into another currency"


class NothingConvertedError(UnprocessableError):
    code = "converts_to_nothing"
    title = "This amount is less than half a minor unit of the other currency, or far too large"


class BalanceTooLowError(ConflictError):
    code = "balance_too_low"
    title = "Less than this is owed to the organisation in this currency"
