from marketplace.kernel.errors import ConflictError, UnprocessableError


class DisclosureExistsError(ConflictError):
    code = "disclosure_exists"
    title = "They have a disclosure of this idea already, or one is proposed"


class NotWantedError(ConflictError):
    code = "not_wanted"
    title = "They do not want to be shown ideas of this kind, or of yours"


class InvalidRecipientError(UnprocessableError):
    code = "invalid_recipient"
    title = "A recipient is another organisation of this marketplace, or a person of it"


class InvalidExpiryError(UnprocessableError):
    code = "invalid_expiry"
    title = "A disclosure ends within five years from now"


class NothingToShowError(ConflictError):
    code = "nothing_to_show"
    title = "The idea has no confidential text yet"


class KnownTooLateError(ConflictError):
    code = "known_too_late"
    title = "That it was known already is declared within the days agreed, after a first reading"


class ProofNotEarlierError(ConflictError):
    code = "proof_not_earlier"
    title = "This proof was not time-stamped before your first reading"


class KnownDeclaredError(ConflictError):
    code = "known_declared"
    title = "You have declared this proof"


CONSTRAINT_ERRORS = {
    "disclosure_one_live": DisclosureExistsError,
    "known_declaration_once_unique": KnownDeclaredError,
}
