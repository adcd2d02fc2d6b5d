from marketplace.kernel.errors import ConflictError, UnprocessableError


class MalformedRatesError(UnprocessableError):
    """The message starts with the place: a line, a day, or the file as a whole."""

    code = "malformed_rates"
    title = "The file of exchange rates cannot be read"


class NoExchangeRateError(ConflictError):
    code = "no_exchange_rate"
    title = "No reference rate of this currency is known for that day or the week before"
