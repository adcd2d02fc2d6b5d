from marketplace.kernel.errors import ConflictError, UnprocessableError


class MalformedRatesError(UnprocessableError):
    """The message starts with the place: a line, a day, or the file as a whole."""

    code = "malformed_rates"
    title = "The file of exchange rates cannot be read"


class RateJumpError(UnprocessableError):
    """The message names the currencies and the days."""

    code = "rate_jump"
    title = "A rate differs by more than a fifth from that of the day beside it"


class NoExchangeRateError(ConflictError):
    code = "no_exchange_rate"
    title = "No reference rate of this currency is known for that day or the week before"
