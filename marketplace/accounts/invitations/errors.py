from marketplace.kernel.errors import ConflictError, ForbiddenError


class AlreadyInvitedError(ConflictError):
    code = "already_invited"
    title = "An invitation to this e-mail is pending; revoke it to send another"


class InvitationLimitError(ConflictError):
    code = "invitation_limit"
    title = "A hundred invitations are pending; revoke some"


class InvitationExpiredError(ConflictError):
    code = "invitation_expired"
    title = "The invitation is no longer valid; ask for another"


class NotInvitedError(ForbiddenError):
    code = "not_invited"
    title = "The invitation is for another e-mail; sign in with that one"


class HasOwnerError(ConflictError):
    code = "has_owner"
    title = "The organisation has an owner, who invites others"


CONSTRAINT_ERRORS = {"invitation_one_pending": AlreadyInvitedError}
