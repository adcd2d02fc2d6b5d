from marketplace.kernel.errors import ConflictError, UnprocessableError


class ValidityOpenError(ConflictError):
    code = "validity_survey_open"
    title = "A validity survey of this report is open"


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
