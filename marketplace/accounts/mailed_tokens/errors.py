from marketplace.kernel.errors import NotFoundError, TooManyRequestsError


class LinkInvalidError(NotFoundError):
    code = "link_invalid"
    title = "This link was used, replaced by a newer one, or has expired; ask for another"


class MailedLatelyError(TooManyRequestsError):
    code = "mailed_lately"
    title = "A link was mailed a moment ago; look for it, or wait as Retry-After says"


CONSTRAINT_ERRORS = {"mailed_token_purpose_unique": MailedLatelyError}
