from marketplace.kernel.errors import ConflictError, UnprocessableError


class ShareNotOwnedError(ConflictError):
    code = "share_not_owned"
    title = "The giver does not own that share at that moment"


class ReceiptOrderNeededError(ConflictError):
    code = "receipt_order_needed"
    title = "A rival transfer of the share is known; say when the office received this one"


class InvalidOwnersError(UnprocessableError):
    code = "invalid_owners"
    title = "The shares must sum to exactly one, of organisations known here, each named once"


class NothingConveyedError(UnprocessableError):
    code = "nothing_conveyed"
    title = "A transfer is from somebody to somebody else; only a grant has no giver"


class FutureConveyanceError(UnprocessableError):
    code = "future_conveyance"
    title = "A transfer of the future is no fact yet: none of its days may lie ahead"


class SharesNotWholeError(ConflictError):
    code = "shares_not_whole"
    title = "The owners' shares would not sum to one at every moment"


class RecordalKnownError(ConflictError):
    code = "recordal_known"
    title = "A transfer with this recordal number is known"


CONSTRAINT_ERRORS = {
    "ownership_whole": SharesNotWholeError,
    "conveyance_recordal_unique": RecordalKnownError,
    "conveyance_content_unique": RecordalKnownError,
}
