from marketplace.kernel.errors import ConflictError


class AlreadySuspendedError(ConflictError):
    code = "already_suspended"
    title = "This organisation is suspended already"


class NotSuspendedError(ConflictError):
    code = "not_suspended"
    title = "This organisation is not suspended"


class NotSuspendableError(ConflictError):
    code = "not_suspendable"
    title = "The platform's own organisation cannot be suspended"


CONSTRAINT_ERRORS = {"organisation_suspension_one_at_a_time": AlreadySuspendedError}
