from marketplace.kernel.errors import (
    ConflictError,
    ForbiddenError,
    TooManyRequestsError,
    UnauthenticatedError,
)


class WrongCredentialsError(UnauthenticatedError):
    code = "wrong_credentials"
    title = "The e-mail or the password is wrong"


class SecondFactorNeededError(UnauthenticatedError):
    code = "second_factor_needed"
    title = "The password is right; send the `code` of your second factor as well"


class WrongSecondFactorError(UnauthenticatedError):
    code = "wrong_second_factor"
    title = "The code is wrong, was used before, or has expired"


class FreshLoginNeededError(UnauthenticatedError):
    code = "fresh_login_needed"
    title = (
        "Send your password; or sign in anew at /account with your company's login, and use the"
        " token shown there within ten minutes"
    )


class TooManyAttemptsError(TooManyRequestsError):
    code = "too_many_attempts"
    title = "Too many failed attempts; wait as Retry-After says, or reset the password"


class EmailUnverifiedError(ForbiddenError):
    code = "email_unverified"
    title = "Open the link that was mailed to you first; POST /v1/email-verifications mails another"


class InvalidTokenError(UnauthenticatedError):
    code = "invalid_token"
    title = "The token is missing, unknown, expired or revoked; sign in again"


class EmailTakenError(ConflictError):
    code = "email_taken"
    title = "This e-mail has an account; sign in"


class AlreadyMemberError(ConflictError):
    code = "already_member"
    title = "This person is a member already"


class NotAMemberError(ForbiddenError):
    code = "not_a_member"
    title = "You are not a member of that organisation"


class PermissionMissingError(ForbiddenError):
    code = "permission_missing"
    title = "Your role in this organisation does not include this"


class OrganisationSuspendedError(ForbiddenError):
    code = "organisation_suspended"
    title = "This organisation is suspended; ask the operator of the platform why"


class PersonNeededError(ForbiddenError):
    code = "person_needed"
    title = "Only a person can do this; a partner's own system cannot"


CONSTRAINT_ERRORS = {
    "user_account_email_unique": EmailTakenError,
    "membership_unique": AlreadyMemberError,
}
