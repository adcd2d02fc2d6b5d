from marketplace.kernel.errors import ConflictError


class SecondFactorEnabledError(ConflictError):
    code = "second_factor_enabled"
    title = "You have a second factor; disable it before you set up another"


class SecondFactorMissingError(ConflictError):
    code = "second_factor_missing"
    title = "You have no second factor; PUT /v1/users/me/second-factor/enrolment begins one"


CONSTRAINT_ERRORS = {"second_factor_user_unique": SecondFactorEnabledError}
