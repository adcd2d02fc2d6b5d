from marketplace.kernel.errors import ConflictError, UnprocessableError


class AuditOpenError(ConflictError):
    code = "audit_open"
    title = "An audit of this licence is being settled"


class InvalidFindingsError(UnprocessableError):
    code = "invalid_findings"
    title = "Findings are about periods that were reported, each once"


CONSTRAINT_ERRORS = {"royalty_audit_one_open": AuditOpenError}
