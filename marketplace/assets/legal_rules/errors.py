from marketplace.kernel.errors import ConflictError, UnprocessableError


class RuleOverlapError(ConflictError):
    code = "legal_rule_overlap"
    title = "A rule on this begins then or later"


class MalformedTermsError(UnprocessableError):
    code = "malformed_terms"
    title = "The terms have not the shape of their topic"


CONSTRAINT_ERRORS = {"legal_rule_no_overlap": RuleOverlapError}
