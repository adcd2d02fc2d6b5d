from marketplace.kernel.errors import ConflictError, UnprocessableError


class PoolNotOpenError(ConflictError):
    code = "pool_not_open"
    title = "The pool cannot license its rights now"


class InvalidPoolError(UnprocessableError):
    code = "invalid_pool"
    title = "Each member brings a right, each right has its member, and the shares sum to one"


class PooledSharesError(ConflictError):
    code = "pooled_shares"
    title = "A pool's shares are those that its members agreed on"


CONSTRAINT_ERRORS = {"pool_member_whole": InvalidPoolError}
