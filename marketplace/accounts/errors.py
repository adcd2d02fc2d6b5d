from marketplace.kernel.errors import (
    ConflictError,
    ForbiddenError,
    UnauthenticatedError,
)


class WrongCredentialsError(UnauthenticatedError):
    code = "wrong_credentials"
    title = "The e-mail or the password is wrong"


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
