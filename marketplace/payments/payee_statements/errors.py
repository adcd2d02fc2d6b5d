from marketplace.kernel.errors import UnprocessableError


class StatementTooLongError(UnprocessableError):
    code = "statement_too_long"
    title = "The period has more entries than fit into one file; ask for a shorter one"
