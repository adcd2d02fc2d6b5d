from marketplace.kernel.errors import (
    ConflictError,
    ForbiddenError,
    UnavailableError,
    UnprocessableError,
)


class CurrencyDiffersError(UnprocessableError):
    code = "currency_mismatch"
    title = "The money has another currency than the request"


class RequestNotOpenError(ConflictError):
    code = "payment_request_not_open"
    title = "This payment request is paid, cancelled or expired"


class LiveRequestExistsError(ConflictError):
    code = "payment_request_exists"
    title = "There is a live payment request for this already"


class NothingToPayError(ConflictError):
    code = "nothing_to_pay"
    title = "No organisation with a bank account has a payable balance in this currency"


class BatchSentError(ConflictError):
    code = "batch_sent"
    title = "This batch was sent; its file is unchanged"


class SecondPersonNeededError(ForbiddenError):
    code = "second_person_needed"
    title = "Another operator than the one who made this batch has to do this"


class BatchEmptyError(ConflictError):
    code = "batch_empty"
    title = "Every payout of this batch was cancelled; create another batch"


class BatchNotSentError(ConflictError):
    code = "batch_not_sent"
    title = "Send the batch first; then its file can be taken to the bank"


class NothingToRefundError(ConflictError):
    code = "nothing_to_refund"
    title = "The payer is owed nothing of this that could go back to a card or account"


class NotPaidByBankError(ConflictError):
    code = "not_paid_by_bank"
    title = "This payout goes through Stripe, which says itself what became of it"


class EntryNotAllocatableError(ConflictError):
    code = "entry_not_allocatable"
    title = "This entry of the bank statement cannot be resolved in this way"


class StatementExistsError(ConflictError):
    code = "statement_being_imported"
    title = "This statement is being imported by somebody else; send it again to see the result"


class ReferenceTakenError(UnavailableError):
    code = "reference_taken"
    title = "A random payment reference was taken already; send it again"


CONSTRAINT_ERRORS = {
    "payment_request_one_live": LiveRequestExistsError,
    "payment_request_reference_unique": ReferenceTakenError,
    "bank_statement_once_unique": StatementExistsError,
}
