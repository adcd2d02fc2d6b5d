from marketplace.kernel.errors import ConflictError


class FutureSharesError(ConflictError):
    code = "future_shares_exhausted"
    title = "Others have so much of what comes of this idea that nothing would be left to its owner"
