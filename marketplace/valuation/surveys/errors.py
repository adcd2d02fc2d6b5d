from marketplace.kernel.errors import ConflictError, UnprocessableError


class SurveyPeriodError(UnprocessableError):
    code = "survey_period"
    title = "A survey looks at a period that is over"


class SurveyRunningError(ConflictError):
    code = "survey_running"
    title = "Reviews are still being written, or the survey was concluded"
