from marketplace.kernel.errors import ConflictError, UnprocessableError
from marketplace.valuation.errors import WeightsNotWholeError


class EditionExistsError(ConflictError):
    code = "edition_exists"
    title = "This edition was published already, and what is published never changes"


class ModelUseOverlapError(ConflictError):
    code = "model_use_overlap"
    title = "For this purpose another edition is allowed in a part of this period"


class ModelWithdrawnError(ConflictError):
    code = "model_withdrawn"
    title = "This edition is withdrawn: allow another"


class ModelUseInPastError(UnprocessableError):
    code = "model_use_in_past"
    title = "It begins or ends today or later: what was allowed in the past stays"


class FormulaStraysError(UnprocessableError):
    code = "formula_strays"
    title = "The formula differs from what is printed by more than 0.02 percentage points"


CONSTRAINT_ERRORS = {
    "valuation_model_edition_unique": EditionExistsError,
    "valuation_model_use_no_overlap": ModelUseOverlapError,
    "valuation_model_withdrawal_model_unique": ModelWithdrawnError,
    "valuation_model_weights_whole": WeightsNotWholeError,
}
