from marketplace.kernel.errors import ConflictError, ForbiddenError


class ScopeNotYoursError(ForbiddenError):
    code = "scope_not_yours"
    title = "A key is given what you may do yourself, and nothing that only a person does"


class TooManyKeysError(ConflictError):
    code = "too_many_keys"
    title = "You have as many keys as one person may have; revoke one"
