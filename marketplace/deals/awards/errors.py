from marketplace.kernel.errors import ConflictError, UnprocessableError


class BudgetExceededError(ConflictError):
    code = "budget_exceeded"
    title = "The awards are more than the budget, or than the number of awards"


class InvalidAwardError(UnprocessableError):
    code = "invalid_award"
    title = "An award is for a submission of this solicitation, and each has one"


CONSTRAINT_ERRORS = {
    "award_within_budget": BudgetExceededError,
    "award_once_unique": InvalidAwardError,
}
