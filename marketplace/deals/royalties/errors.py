from marketplace.kernel.errors import ConflictError, UnprocessableError


class InvalidFiguresError(UnprocessableError):
    code = "invalid_figures"
    title = "These figures are not what the licence's royalty is worked out from"


class RoyaltyCeasedError(ConflictError):
    code = "royalty_ceased"
    title = "No licensed right was left in this territory, so no royalty accrues there"


class EarlierReportMissingError(ConflictError):
    code = "earlier_report_missing"
    title = "File the earlier periods first: a year's tiers and minimum go on from them"


class NothingChangedError(ConflictError):
    code = "nothing_changed"
    title = "These are the figures that were filed"


class LateInterestOverlapError(ConflictError):
    code = "late_interest_overlap"
    title = "Another rate of this currency is in force in a part of this period"


class LateInterestInPastError(UnprocessableError):
    code = "late_interest_in_past"
    title = "A rate begins today or later: interest of the past is charged"


CONSTRAINT_ERRORS = {"late_interest_rate_no_overlap": LateInterestOverlapError}
