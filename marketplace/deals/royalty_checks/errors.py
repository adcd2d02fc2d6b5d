from marketplace.kernel.errors import ConflictError, UnprocessableError


class NoFiguresError(ConflictError):
    code = "no_figures"
    title = "Nobody has told the figures of this period yet"


class CheckPolicyInPastError(UnprocessableError):
    code = "check_policy_in_past"
    title = "Thresholds begin today or later"


class CheckPolicyOverlapError(ConflictError):
    code = "check_policy_overlap"
    title = "Other thresholds are in force in a part of this period"


CONSTRAINT_ERRORS = {"royalty_check_policy_no_overlap": CheckPolicyOverlapError}
