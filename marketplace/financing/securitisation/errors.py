from typing import Final

from marketplace.kernel.errors import ConflictError, UnprocessableError


class NotSecuritisedError(ConflictError):
    code = "not_securitised"
    title = "The demand is no securitisation whose notes are paid for"


class CollectionOpenError(ConflictError):
    code = "collection_open"
    title = "An earlier collection of this pool waits for its money"


class InvalidCollectionError(UnprocessableError):
    code = "invalid_collection"
    title = "A collection ends after the one before it, and not in the future"


CONSTRAINT_ERRORS: Final = {
    "pool_collection_one_open": CollectionOpenError,
    "pool_collection_start_unique": CollectionOpenError,
}
