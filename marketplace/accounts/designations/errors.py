from marketplace.kernel.errors import ConflictError, UnprocessableError


class DesignationExistsError(ConflictError):
    code = "designation_exists"
    title = "The organisation is designated, or has an application that is not decided"


class NotDesignableError(ConflictError):
    code = "not_designable"
    title = "A person, or the platform itself, is no valuation institution"


class InvalidStepDateError(UnprocessableError):
    code = "invalid_step_date"
    title = "A step is taken today or earlier, and not before the step that it follows"


class DesignationOverlapError(ConflictError):
    code = "designation_overlap"
    title = "The organisation was designated in a part of that time already"


class MalformedDesignationsError(UnprocessableError):
    code = "malformed_designations"
    title = "This is not a file of published designations"


class DesignationsDifferError(ConflictError):
    code = "designations_differ"
    title = "A designation was loaded from this source with other facts"


CONSTRAINT_ERRORS = {
    "designation_one_live": DesignationExistsError,
    "designation_period_no_overlap": DesignationOverlapError,
    "designation_period_period_check": InvalidStepDateError,
}
