from marketplace.kernel.errors import ConflictError, UnprocessableError


class FactKnownError(ConflictError):
    code = "fact_known"
    title = "The register's fact of this number is known"


class IllegalLegalEventError(UnprocessableError):
    code = "illegal_legal_event"
    title = "This event cannot happen to this kind of right"


class NotTradableError(ConflictError):
    code = "right_not_tradable"
    title = "The right is not in force, so it can be neither sold nor released"


class RightRestrainedError(ConflictError):
    code = "right_restrained"
    title = "The right is attached: it cannot be sold, licensed or pledged until that is lifted"


class FeesDueError(ConflictError):
    code = "fees_due"
    title = "Fees of the right are due; it can be pledged once their payment is recorded"


class ChallengedError(ConflictError):
    code = "right_challenged"
    title = "The right is challenged; the pledgee has to accept that expressly"


class RegisterCheckStaleError(ConflictError):
    code = "register_check_stale"
    title = "The register was not looked at since the last business day; the operator has to, first"


CONSTRAINT_ERRORS = {"legal_event_once_unique": FactKnownError}
