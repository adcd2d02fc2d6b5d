from marketplace.kernel.errors import ConflictError, ForbiddenError, UnprocessableError


class ScopeNotAllowedError(ForbiddenError):
    code = "scope_not_allowed"
    title = "Your kind of organisation's clients may not have one of these scopes"


class InconsistentClientError(UnprocessableError):
    code = "inconsistent_client"
    title = "These settings of a client do not go together"


class ClientRevokedError(ConflictError):
    code = "client_revoked"
    title = "This client was revoked; register a new one"


class NoSecretError(ConflictError):
    code = "no_secret"
    title = "This client has no secret; private_key_jwt clients change their keys by an edit"


class SecretsOverlapError(ConflictError):
    code = "secrets_overlap"
    title = "Two secrets live already; wait, or end both at once with an overlap of 0 days"
