from marketplace.kernel.errors import ConflictError, UnprocessableError


class NoLicenceDealError(ConflictError):
    code = "no_licence_deal"
    title = "This deal sells the right; it has no licence"


class PublishedTermsError(ConflictError):
    code = "published_terms"
    title = "An open licence is taken on the terms that were published, or not at all"


class TermsChangedError(ConflictError):
    code = "terms_changed"
    title = "The published terms are not those that you read; read them again"


class NotOpenLicenceError(ConflictError):
    code = "not_an_open_licence"
    title = "Only an open licence is taken by notice; make an offer for this one"


class OutsideHeadLicenceError(ConflictError):
    code = "outside_head_licence"
    title = "A sub-licence stays within the head licence, which has to be live and to allow it"


class RegistrationNeededError(ConflictError):
    code = "registration_needed"
    title = "This licence takes effect by registration only; the operator records the register"


class LicenceKindUnknownError(UnprocessableError):
    code = "licence_kind_unknown"
    title = "The law of this right has no registered exclusive licence; choose another kind"


class LicenceRuleOverlapError(ConflictError):
    code = "licence_rule_overlap"
    title = "Another rule of this kind is in force in a part of this period"


CONSTRAINT_ERRORS = {"licence_rule_no_overlap": LicenceRuleOverlapError}
