from http import HTTPStatus

from marketplace.kernel.errors import (
    ConflictError,
    MarketplaceError,
    TooLargeError,
    UnavailableError,
    UnprocessableError,
)


class FileTooLargeError(TooLargeError):
    code = "file_too_large"
    title = "A file is not larger than this service takes"


class FileLimitError(ConflictError):
    code = "file_limit"
    title = "An idea has no more files than this"


class UploadedError(ConflictError):
    code = "already_uploaded"
    title = "The bytes of this file are here; announce another one that replaces it"


class UploadIncompleteError(ConflictError):
    code = "upload_incomplete"
    title = "The bytes that came are not as many as were announced; nothing of them was kept"


class UploadSupersededError(ConflictError):
    code = "upload_superseded"
    title = "Another upload of the same file took this one's place"


class FileReplacedError(ConflictError):
    code = "file_replaced"
    title = "The file has a newer version; replace that one"


class FileInfectedError(UnprocessableError):
    code = "file_infected"
    title = "The virus scanner found something in the file; nothing of it was kept"


class ScannerUnavailableError(UnavailableError):
    code = "scanner_unavailable"
    title = "The virus scanner does not answer; nothing was kept, send the file again later"


class RangeNotSatisfiableError(MarketplaceError):
    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    code = "range_not_satisfiable"
    title = "The file has no such bytes"


CONSTRAINT_ERRORS = {"confidential_file_replaced_once_unique": FileReplacedError}
