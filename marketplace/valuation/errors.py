"""What no formula can be asked. Each tells which number is wrong, and why."""

from marketplace.kernel.errors import ConflictError, UnprocessableError


class ImpossibleInputError(UnprocessableError):
    code = "impossible_input"
    title = "No value follows from such numbers"


class GrowthNotBelowRateError(ImpossibleInputError):
    code = "growth_not_below_rate"
    title = "For ever growing at the discount rate or faster, it would be worth infinitely much"


class LifeNotPositiveError(ImpossibleInputError):
    code = "life_not_positive"
    title = "Nothing is left of its life"


class LengthsDifferError(ImpossibleInputError):
    code = "lengths_differ"
    title = "Series of years that belong together have different lengths"


class WeightsNotWholeError(ImpossibleInputError):
    code = "weights_not_whole"
    title = "Weights are at least zero and sum to one"


class InconsistentComparisonsError(ImpossibleInputError):
    code = "inconsistent_comparisons"
    title = "The comparisons contradict each other: their consistency ratio is 0.1 or more"


class ScoreOutsideTableError(ImpossibleInputError):
    code = "score_outside_table"
    title = "The table of premiums does not reach to this score"


class EntropyUndefinedError(ImpossibleInputError):
    code = "entropy_undefined"
    title = "Every indicator is the same for all: entropy gives no weights"


class NothingComparableError(ImpossibleInputError):
    code = "nothing_comparable"
    title = "Every comparable is excluded"


class UnknownVariableError(ImpossibleInputError):
    code = "unknown_variable"
    title = "The calculation has no such input that could vary"


class TooMuchWorkError(ImpossibleInputError):
    code = "too_much_work"
    title = "Draws times years are more than one request may ask for"


class ModelNotAllowedError(ConflictError):
    code = "model_not_allowed"
    title = "No published model of this kind is allowed for the purpose on that day"


class ConventionExcludedError(ConflictError):
    code = "convention_excluded"
    title = "For this purpose the published model leaves this convention out"


IMPOSSIBLE = (
    ImpossibleInputError,
    GrowthNotBelowRateError,
    LifeNotPositiveError,
    LengthsDifferError,
    WeightsNotWholeError,
    ScoreOutsideTableError,
    NothingComparableError,
    UnknownVariableError,
    TooMuchWorkError,
)
"""What a calculation may refuse."""
