from marketplace.kernel.errors import ConflictError, UnprocessableError


class TaxRateOverlapError(ConflictError):
    code = "tax_rate_overlap"
    title = "Another rate is in force in a part of this period"


class TaxRateInPastError(UnprocessableError):
    code = "tax_rate_in_past"
    title = "A rate begins now or later: the past is settled"


class TaxProfileTakenError(ConflictError):
    code = "tax_profile_taken"
    title = "Somebody declares it at this moment; send it again"


CONSTRAINT_ERRORS = {
    "tax_rate_no_overlap": TaxRateOverlapError,
    "tax_profile_organisation_unique": TaxProfileTakenError,
}
