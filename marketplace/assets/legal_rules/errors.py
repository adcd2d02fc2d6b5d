from marketplace.kernel.errors import ConflictError


class RuleOverlapError(ConflictError):
    code = "legal_rule_overlap"
    title = "A rule on this begins then or later"


CONSTRAINT_ERRORS = {"legal_rule_no_overlap": RuleOverlapError}
