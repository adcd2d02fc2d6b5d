from marketplace.kernel.errors import ConflictError, UnprocessableError


class InvalidPartsError(UnprocessableError):
    code = "invalid_parts"
    title = "The parts sum to the price, and the first is paid before the transfer"


class PartNotDueError(ConflictError):
    code = "part_not_due"
    title = "A single part moves only while the deal's right has passed and parts are outstanding"


CONSTRAINT_ERRORS = {"deal_part_whole": InvalidPartsError}
