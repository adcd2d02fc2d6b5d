from marketplace.kernel.errors import BadRequestError, MarketplaceError, UnavailableError

TEXT_LENGTH_MAX = 300


class StripeRefusalError(MarketplaceError):
    """Stripe looked at a call and said no; the same call will be refused again.

    `refusal_code` and the text are Stripe's own, to be shown to whom they concern.
    """

    code = "stripe_refused"
    title = "Stripe refused"

    def __init__(self, refusal_code: str, text: str) -> None:
        super().__init__(text[:TEXT_LENGTH_MAX])
        self.refusal_code = refusal_code


class StripeUnknownError(StripeRefusalError):
    """Stripe has no such object, or none that this key may see."""


class StripeSilentError(UnavailableError):
    """Whether the call was carried out is unknown; asked again with its key, it is safe."""

    code = "stripe_silent"
    title = "Stripe did not answer; the call will be made again"


class StripeOffError(UnavailableError):
    code = "stripe_off"
    title = "Stripe is not set up on this platform"


class MalformedEventError(BadRequestError):
    code = "malformed_event"
    title = "The body is signed, and no event of Stripe's"


class InvalidSignatureError(BadRequestError):
    code = "invalid_signature"
    title = "The body was not signed with a secret of this endpoint, or too long ago"
