from marketplace.kernel.errors import ConflictError


class ObligationsOpenError(ConflictError):
    code = "obligations_open"
    title = "Something has to be finished first; `obligations` names each"
