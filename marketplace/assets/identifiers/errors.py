from marketplace.kernel.errors import UnprocessableError


class InvalidIdentifierError(UnprocessableError):
    code = "invalid_identifier"
    title = "Not a number of an application, publication, grant or registration"


class InvalidClassificationError(UnprocessableError):
    code = "invalid_classification"
    title = "Not a symbol of the International or Cooperative Patent Classification"
