from marketplace.kernel.errors import ConflictError, UnavailableError


class ProviderNotPossibleError(ConflictError):
    code = "provider_not_possible"
    title = "This payment cannot be made this way"


class PaymentExistsError(UnavailableError):
    code = "payment_being_replaced"
    title = "Another payment of this request is live or being cancelled; try again in a moment"


class NoClientSecretError(ConflictError):
    code = "no_client_secret"
    title = "There is nothing to confirm now: not started, not opened yet, or over"


class RefundedTooMuchError(ConflictError):
    code = "refunded_too_much"
    title = "More cannot be refunded than was paid"


class TransferredTooMuchError(ConflictError):
    code = "transferred_too_much"
    title = "More cannot be transferred from a charge than was paid"


CONSTRAINT_ERRORS = {
    "online_payment_one_live": PaymentExistsError,
    "online_payment_refunded_range_check": RefundedTooMuchError,
    "online_payment_transferred_range_check": TransferredTooMuchError,
}
