from marketplace.kernel.errors import TooLargeError, UnprocessableError


class MalformedStatementError(UnprocessableError):
    """The message starts with the place: a line, an entry, or the file as a whole."""

    code = "malformed_statement"
    title = "The bank statement cannot be read"


class ForeignAccountError(UnprocessableError):
    code = "foreign_account"
    title = "The bank statement is not of the platform's own account"


class StatementDoesNotBalanceError(UnprocessableError):
    code = "statement_does_not_balance"
    title = "The opening balance and the entries do not add up to the closing balance"


class StatementTooLargeError(TooLargeError):
    code = "statement_too_large"
    title = "The bank statement is over the size limit"


class InvalidBankAccountError(UnprocessableError):
    code = "invalid_bank_account"
    title = "The bank account cannot be paid as written"


class InvalidCreditTransferError(UnprocessableError):
    code = "invalid_credit_transfer"
    title = "The batch of transfers cannot be written as a bank order"
