from marketplace.kernel.errors import ConflictError, ForbiddenError, UnprocessableError


class DeadlineError(UnprocessableError):
    code = "invalid_deadline"
    title = "A solicitation closes within a year, and not before tomorrow"


class CancellationSpentError(ConflictError):
    code = "cancellation_spent"
    title = "Its cancellation was asked for before and not paid: now it goes on to its end"


class SharesTooFineError(ConflictError):
    code = "shares_too_fine"
    title = "An award could not be split by shares that fine"


class SubmissionsClosedError(ConflictError):
    code = "submissions_closed"
    title = "It takes no submissions, nor gives any back, before it opens and after it closes"


class OwnTaskError(ConflictError):
    code = "own_task"
    title = "Who stands for the organiser, or judges for it, enters no idea"


class SubmittedError(ConflictError):
    code = "already_submitted"
    title = "This idea was submitted already"


class NothingToSubmitError(ConflictError):
    code = "nothing_to_submit"
    title = "What is submitted is an idea with a confidential text, and no deal runs over it"


class EvaluatorExistsError(ConflictError):
    code = "evaluator_exists"
    title = "This person judges already"


class InvalidEvaluatorError(UnprocessableError):
    code = "invalid_evaluator"
    title = "An evaluator is a person of an organisation of this marketplace, and enters no idea"


class UndeclaredError(ConflictError):
    code = "conflicts_undeclared"
    title = "Say first with which organisations you have a conflict of interest"


class ConflictedError(ForbiddenError):
    code = "conflict_of_interest"
    title = "You have a conflict of interest with this submission"


class NotEvaluatingError(ConflictError):
    code = "not_evaluating"
    title = "Submissions are read and judged after the close, until the awards"


class InvalidScoresError(UnprocessableError):
    code = "invalid_scores"
    title = "There is one score for each criterion"


CONSTRAINT_ERRORS = {
    "submission_in_time": SubmissionsClosedError,
    "submission_one_live_per_right": SubmittedError,
    "evaluator_once_unique": EvaluatorExistsError,
}
