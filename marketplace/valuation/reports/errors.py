from marketplace.kernel.errors import ConflictError, UnprocessableError


class ReportStraysError(UnprocessableError):
    code = "report_strays"
    title = "A calculation or rating is for another purpose, day, currency or right than the order"


class ValueUnsupportedError(UnprocessableError):
    code = "value_unsupported"
    title = "The value lies outside its own range, or outside what the calculations found"


class ReportSupersededError(ConflictError):
    code = "report_superseded"
    title = "This version was corrected already: correct the newest"


class ValueFrozenError(ConflictError):
    code = "value_frozen"
    title = (
        "A value stands still while others are to find theirs and while an objection is decided,"
        " and once accepted it does not leave the limit of spread"
    )


CONSTRAINT_ERRORS = {
    "valuation_report_previous_unique": ReportSupersededError,
    "valuation_report_version_unique": ReportSupersededError,
}
