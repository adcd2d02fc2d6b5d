from marketplace.kernel.errors import ConflictError, ForbiddenError, UnprocessableError


class NotABrokerError(ConflictError):
    code = "not_a_broker"
    title = "A mandate is given to another organisation, of kind `agency`"


class InvalidMandateError(UnprocessableError):
    code = "invalid_mandate"
    title = "The scope or the term of the mandate cannot be"


class ExclusiveMandateError(ConflictError):
    code = "exclusive_mandate"
    title = "An exclusive mandate and another one of the same principal overlap"


class MandateNotInForceError(ConflictError):
    code = "mandate_not_in_force"
    title = "The mandate is not in force now"


class OutsideMandateError(ForbiddenError):
    code = "outside_mandate"
    title = "The mandate does not cover this"


CONSTRAINT_ERRORS = {"mandate_exclusive": ExclusiveMandateError}
