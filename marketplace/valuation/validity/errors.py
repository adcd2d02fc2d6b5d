from marketplace.kernel.errors import ConflictError, ForbiddenError, UnprocessableError


class ValidityOpenError(ConflictError):
    code = "validity_survey_open"
    title = "A validity survey of this report is open"


class OwnReportError(ForbiddenError):
    code = "own_report"
    title = "Nobody asks for a survey of their own report"


class ReportNotDeliveredError(ConflictError):
    code = "report_not_delivered"
    title = "Until the order is delivered its reports are blind: ask for a survey afterwards"


class HearingRunningError(ConflictError):
    code = "hearing_running"
    title = "Not everybody was heard, and their time is not over"


class OpinionGivenError(ConflictError):
    code = "opinion_given"
    title = "You have given your opinion"


class AppealTimeError(ConflictError):
    code = "appeal_time"
    title = "An appeal is made in its time, and a finding takes effect after it"


class UnfitSanctionError(UnprocessableError):
    code = "unfit_sanction"
    title = "Only a breach is sanctioned, and a suspension has its end after today"


CONSTRAINT_ERRORS = {
    "validity_survey_one_open": ValidityOpenError,
    "validity_survey_heard": HearingRunningError,
}
