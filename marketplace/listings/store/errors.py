from marketplace.kernel.errors import ConflictError, UnprocessableError


class NotEligibleError(ConflictError):
    code = "store_not_eligible"
    title = "The store takes unpublished applications that were filed lately, as its rules say"


class RoundsUsedError(ConflictError):
    code = "store_rounds_used"
    title = "This application has had all its windows"


class InStoreError(ConflictError):
    code = "already_in_store"
    title = "This application is in the store"


class WindowClosedError(ConflictError):
    code = "store_window_closed"
    title = "No window is open: nobody applies, nor takes an application back"


class AppliedError(ConflictError):
    code = "already_applied"
    title = "Your organisation has applied in this window; take that back first"


class OwnEntryError(ConflictError):
    code = "own_store_entry"
    title = "Who owns an application does not apply for it"


class InvalidSelectionError(UnprocessableError):
    code = "invalid_selection"
    title = "Choose an application of the window that closed last"


CONSTRAINT_ERRORS = {
    "store_window_allowed": NotEligibleError,
    "store_window_round_unique": RoundsUsedError,
    "store_entry_one_live_per_right": InStoreError,
    "store_application_in_time": WindowClosedError,
    "store_application_one_live": AppliedError,
}
