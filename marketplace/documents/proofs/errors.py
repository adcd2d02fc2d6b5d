from marketplace.kernel.errors import ConflictError


class ProofPendingError(ConflictError):
    code = "proof_pending"
    title = "The time-stamping authority has not answered yet, or none is set up"
