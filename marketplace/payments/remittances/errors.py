from marketplace.kernel.errors import ConflictError, UnprocessableError


class MoreThanOwedError(ConflictError):
    code = "more_than_owed"
    title = "More was paid than is owed of this tax; resolve the entry in another way"


class CertificateTooLongError(UnprocessableError):
    code = "certificate_too_long"
    title = "The period has more payments than one certificate holds; ask for a shorter one"
