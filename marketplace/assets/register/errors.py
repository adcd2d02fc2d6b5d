from marketplace.kernel.errors import UnprocessableError


class MalformedFactsError(UnprocessableError):
    code = "malformed_facts"
    title = "The file of register facts cannot be loaded; nothing of it was"
