from marketplace.kernel.errors import ConflictError, ForbiddenError


class WrongPasswordError(ForbiddenError):
    code = "wrong_password"
    title = "This is not your password"


class ObligationsOpenError(ConflictError):
    code = "obligations_open"
    title = "Something has to be finished first; `obligations` names each"
