from marketplace.kernel.errors import ConflictError, UnprocessableError


class SellerOverlapError(ConflictError):
    code = "seller_of_record_overlap"
    title = "Another seller of record is named for a part of this period"


class SellerInPastError(UnprocessableError):
    code = "seller_of_record_in_past"
    title = "A seller of record begins now or later: what was invoiced stays"


class SeriesTakenError(ConflictError):
    code = "invoice_series_taken"
    title = "Another seller has invoiced under this series; choose another"


class NoSellerError(ConflictError):
    code = "no_seller_of_record"
    title = "Nobody is named to invoice the platform's fees at this time"


CONSTRAINT_ERRORS = {"seller_of_record_no_overlap": SellerOverlapError}
