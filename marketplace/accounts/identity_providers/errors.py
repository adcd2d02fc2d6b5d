from marketplace.kernel.errors import (
    ConflictError,
    ForbiddenError,
    MarketplaceError,
    UnauthenticatedError,
    UnavailableError,
    UnprocessableError,
)


class DomainTakenError(ConflictError):
    code = "domain_taken"
    title = "One of these e-mail domains has another identity provider"


class SlugTakenError(ConflictError):
    code = "slug_taken"
    title = "Another identity provider has this slug"


class InconsistentProviderError(UnprocessableError):
    code = "inconsistent_provider"
    title = "These settings of an identity provider do not go together"


class ProviderUnusableError(UnavailableError):
    code = "identity_provider_unusable"
    title = "The identity provider does not answer as it should"


class LoginError(MarketplaceError):
    """Why nobody is signed in after having been at a provider; a page tells it by its code."""


class NoCompanyLoginError(LoginError, ForbiddenError):
    code = "no_company_login"
    title = "No company's login is set up for this e-mail address"


class LoginExpiredError(LoginError, UnauthenticatedError):
    code = "login_expired"
    title = "This login was finished before, was begun elsewhere, or took too long"


class ProviderRefusedError(LoginError, ForbiddenError):
    code = "provider_refused"
    title = "The identity provider did not let the person in"


class WrongAnswerError(LoginError, UnauthenticatedError):
    code = "wrong_answer"
    title = "What the identity provider answered cannot be believed"


class ForeignEmailError(LoginError, ForbiddenError):
    code = "foreign_email"
    title = "The identity provider does not vouch for an e-mail address of its own domains"


class IdentityTakenError(LoginError, ConflictError):
    code = "identity_taken"
    title = "Somebody else of this identity provider has the account with this e-mail address"


CONSTRAINT_ERRORS = {
    "identity_provider_domain_primary": DomainTakenError,
    "identity_provider_slug_unique": SlugTakenError,
    "external_identity_user_unique": IdentityTakenError,
}
