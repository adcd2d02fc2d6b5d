from marketplace.kernel.errors import ConflictError, UnprocessableError


class ConsentsMissingError(ConflictError):
    code = "consents_missing"
    title = "Other owners have to consent to exactly these terms first; ask them"


class ConsentNotNeededError(ConflictError):
    code = "consent_not_needed"
    title = "Nobody else has to consent to this"


class OtherTermsError(ConflictError):
    code = "other_terms"
    title = "You name other terms than those you are asked about; read them again"


class ConsentOpenError(ConflictError):
    code = "consent_open"
    title = "This consent is asked for or given already"


class LimitCurrencyError(UnprocessableError):
    code = "limit_currency_needed"
    title = "A limit is an amount in a currency"


CONSTRAINT_ERRORS = {"consent_one_open": ConsentOpenError}
