from marketplace.kernel.errors import ConflictError, ForbiddenError


class OwnersOnlyError(ForbiddenError):
    code = "owners_only"
    title = "Only an owner makes or unmakes owners"


class LastOwnerError(ConflictError):
    code = "last_owner"
    title = "An organisation keeps an owner; make somebody else one first"


class FixedMembersError(ConflictError):
    code = "fixed_members"
    title = "A person's own organisation, and the platform's, have the members that they have"


CONSTRAINT_ERRORS = {"membership_keeps_an_owner": LastOwnerError}
