from marketplace.kernel.errors import ConflictError, ForbiddenError, UnprocessableError


class SameOrganisationError(UnprocessableError):
    code = "same_organisation"
    title = "An organisation is not its own affiliate"


class ProposalPendingError(ConflictError):
    code = "proposal_pending"
    title = "A proposal between these two is pending; it has to be answered first"


class OtherParentError(ConflictError):
    code = "other_parent"
    title = "The affiliate has a parent in that time"


class AffiliationCycleError(ConflictError):
    code = "affiliation_cycle"
    title = "The parent would belong to its own affiliate"


class AffiliationDepthError(ConflictError):
    code = "affiliation_depth"
    title = "A group has at most twenty levels"


class RecordedByOperatorError(ForbiddenError):
    code = "recorded_by_operator"
    title = "The operator recorded this on evidence, and only the operator ends it"


class AffiliationEndedError(ConflictError):
    code = "affiliation_ended"
    title = "This affiliation has ended already"


class InvalidEndError(UnprocessableError):
    code = "invalid_end"
    title = "An affiliation ends today or later, not before it began, and not later than agreed"


CONSTRAINT_ERRORS = {
    "affiliation_proposal_one_pending": ProposalPendingError,
    "affiliation_one_parent": OtherParentError,
    "affiliation_no_cycle": AffiliationCycleError,
    "affiliation_depth": AffiliationDepthError,
}
