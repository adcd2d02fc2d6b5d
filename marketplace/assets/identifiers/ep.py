"""European Patent Office: an application keeps its publication number when it is granted."""

import re
from typing import Final

from marketplace.assets.identifiers.document import DocumentClass, RegisteredRight
from marketplace.assets.identifiers.forms import Form, Reading, with_kind

_PUBLICATION_DIGITS: Final = 7


def check_digit(number: str) -> str:
    """The check digit of an application number of 8 digits.

    The digits are multiplied by 1 and 2 in turn, the digits of the products added, and the sum
    completed to a multiple of ten.
    """
    products = (int(digit) * (1 + place % 2) for place, digit in enumerate(number))
    return str(-sum(product // 10 + product % 10 for product in products) % 10)


def _read_publication(match: re.Match[str]) -> Reading | None:
    digits, kind = match[1].replace(" ", "").lstrip("0"), match[2]
    if not 0 < len(digits) <= _PUBLICATION_DIGITS:
        return None
    number = digits.zfill(_PUBLICATION_DIGITS)
    return Reading(
        _published_classes(kind),
        normalized=number,
        display=with_kind(f"EP {number}", kind),
        kind_code=kind,
        right_kind=RegisteredRight.PATENT,
        docdb=f"EP{number}{kind or ''}",
    )


def _published_classes(kind: str | None) -> tuple[DocumentClass, ...]:
    if kind is None:
        return (DocumentClass.PUBLICATION, DocumentClass.GRANT)
    return (DocumentClass.PUBLICATION if kind.startswith("A") else DocumentClass.GRANT,)


def _read_application(match: re.Match[str]) -> Reading:
    number, written = f"{match[1]}{match[2]}", match[3]
    return Reading(
        (DocumentClass.APPLICATION,),
        normalized=number,
        display=f"EP {number}.{written}" if written else f"EP {number}",
        right_kind=RegisteredRight.PATENT,
        warnings=_doubts(number, written),
    )


def _doubts(number: str, written: str | None) -> tuple[str, ...]:
    # The office itself has issued numbers whose check digit does not fit, so this only warns.
    if written in {None, check_digit(number)}:
        return ()
    return (f"the check digit of EP {number} would be {check_digit(number)}, not {written}",)


FORMS: Final = (
    Form(
        "EP 3 123 456 A1",
        "publication or grant",
        re.compile(r"(\d{1,2}(?: \d{3}){2}|\d{1,8})[ -]?(A[1-489]|B[1-389])?"),
        _read_publication,
    ),
    Form(
        "EP 14833316.4",
        "application",
        re.compile(r"(\d{2}) ?(\d{6})(?:\.(\d))?"),
        _read_application,
        bare=True,
    ),
)
