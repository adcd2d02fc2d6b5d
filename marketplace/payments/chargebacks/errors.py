from marketplace.kernel.errors import ConflictError


class EvidenceSubmittedError(ConflictError):
    code = "evidence_submitted"
    title = "Evidence was sent already, and it is taken once"
