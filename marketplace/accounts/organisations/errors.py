from marketplace.kernel.errors import ConflictError, UnprocessableError


class WrongRegionError(UnprocessableError):
    code = "wrong_region"
    title = "The region is not one of that country (ISO 3166-2)"


class WrongNumberError(UnprocessableError):
    code = "wrong_number"
    title = "A business number is mistyped, or is of another country"


class NumberTakenError(ConflictError):
    code = "number_taken"
    title = "Another organisation has this business number; ask the operator if it is yours"


CONSTRAINT_ERRORS = {"organisation_number_unique": NumberTakenError}
