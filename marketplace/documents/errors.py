from marketplace.kernel.errors import ConflictError, NotFoundError


class AlreadySignedError(ConflictError):
    code = "already_signed"
    title = "Your side has signed this text"


class TextChangedError(ConflictError):
    code = "agreement_changed"
    title = "The text is not the one you name; read the present one and sign its SHA-256"


class NotDisclosedError(NotFoundError):
    code = "not_disclosed"
    title = "There is no confidential text that you may read"


class BodyFrozenError(ConflictError):
    code = "body_frozen"
    title = "A deal over this idea is under way, or it was submitted: its text cannot change"


CONSTRAINT_ERRORS = {
    "signature_once_unique": AlreadySignedError,
    "confidential_body_held": BodyFrozenError,
    "disclosure_view_granted": NotDisclosedError,
}
