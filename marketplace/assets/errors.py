from marketplace.kernel.errors import ConflictError, UnprocessableError


class RightExistsError(ConflictError):
    code = "right_already_registered"
    title = "A right with this number is registered; if it is yours, write to the operator"


class RightReservedError(ConflictError):
    code = "right_reserved"
    title = "Another deal over this right is under way"


class OwnershipOverlapError(ConflictError):
    code = "ownership_overlap"
    title = "The right has another owner at that time"


class NotOwnerError(ConflictError):
    code = "not_owner"
    title = "Only a present owner may do this"


class IdentifierNeededError(UnprocessableError):
    code = "identifier_needed"
    title = "A registered right needs its number; an idea has none"


class KindMismatchError(UnprocessableError):
    code = "kind_mismatch"
    title = "The number belongs to another kind of right"


CONSTRAINT_ERRORS = {
    "right_identifier_once_unique": RightExistsError,
    "right_reservation_no_overlap": RightReservedError,
    "ownership_no_overlap": OwnershipOverlapError,
}
