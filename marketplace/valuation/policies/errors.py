from marketplace.kernel.errors import ConflictError, UnprocessableError


class AssignmentPolicyOverlapError(ConflictError):
    code = "assignment_policy_overlap"
    title = "Another policy for this purpose is in force in a part of this period"


class AssignmentPolicyInPastError(UnprocessableError):
    code = "assignment_policy_in_past"
    title = "A policy begins now or later: the past is settled"


class NoAssignmentPolicyError(ConflictError):
    code = "no_assignment_policy"
    title = "No policy is in force for this purpose; the operator has to set one first"


CONSTRAINT_ERRORS = {"assignment_policy_no_overlap": AssignmentPolicyOverlapError}
