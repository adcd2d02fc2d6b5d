"""China: application numbers carry a check digit; the first or fifth digit tells the right.

An application is numbered by year, type and serial: 12 digits since 2003-10-01, 8 before. `ZL`
before the same digits is the patent number, given once the right is granted. Publications have
9 digits since mid-2007, 7 before.
"""

import re
from typing import Final

from marketplace.assets.identifiers.document import DocumentClass, RegisteredRight
from marketplace.assets.identifiers.forms import Form, Reading, with_kind

_RIGHTS: Final = {
    "1": RegisteredRight.PATENT,
    "2": RegisteredRight.UTILITY_MODEL,
    "3": RegisteredRight.DESIGN,
    "8": RegisteredRight.PATENT,  # by way of the PCT
    "9": RegisteredRight.UTILITY_MODEL,  # by way of the PCT
}
_KINDS: Final = {"1": ("A", "B", "C"), "2": ("U", "Y"), "3": ("S", "D")}
_OLD_NUMBER_YEARS: Final = (*range(85, 100), *range(4))
_RECENT_PUBLICATION_DIGITS: Final = 9


def check_digit(number: str) -> str:
    """The check digit of an application number of 8 or 12 digits: modulo 11, where 10 is X."""
    total = sum(int(digit) * (2 + place % 8) for place, digit in enumerate(number))
    return "0123456789X"[total % 11]


def _read_application(match: re.Match[str]) -> Reading:
    patent_mark, year, type_digit, serial, written = match.groups()
    number = f"{year}{type_digit}{serial}"
    check = check_digit(number)
    return Reading(
        (DocumentClass.GRANT if patent_mark else DocumentClass.APPLICATION,),
        normalized=number,
        display=f"{'ZL' if patent_mark else 'CN'} {number}.{check}",
        right_kind=_RIGHTS[type_digit],
        flaw=_mistake(number, check) if written not in {None, check} else None,
    )


def _mistake(number: str, check: str) -> str:
    return f"a digit is wrong, since the check digit of {number} is {check}; compare the original"


def _read_old_application(match: re.Match[str]) -> Reading | None:
    return _read_application(match) if int(match[2]) in _OLD_NUMBER_YEARS else None


def _read_publication(match: re.Match[str]) -> Reading | None:
    type_digit, serial, kind = match.groups()
    if kind and kind not in _KINDS[type_digit]:
        return None
    number = f"{type_digit}{serial}"
    return Reading(
        _published_classes(number, kind),
        normalized=number,
        display=with_kind(f"CN {number}", kind),
        kind_code=kind,
        right_kind=_RIGHTS[type_digit],
        docdb=f"CN{number}{kind or ''}",
    )


def _published_classes(number: str, kind: str | None) -> tuple[DocumentClass, ...]:
    """Until 1992, under 7 digits, B, U and S were laid open for opposition before any grant."""
    if kind == "A":
        return (DocumentClass.PUBLICATION,)
    invention = number.startswith("1")
    recent = len(number) == _RECENT_PUBLICATION_DIGITS
    if kind in {"C", "Y", "D"} or (recent and (kind or not invention)):
        return (DocumentClass.GRANT,)
    return (DocumentClass.PUBLICATION, DocumentClass.GRANT)


FORMS: Final = (
    Form(
        "CN 202110123456.7",
        "application, or ZL 202110123456.7 once granted",
        re.compile(r"(ZL ?)?((?:19|20)\d{2})([12389])(\d{7})(?:\.?([0-9X]))?"),
        _read_application,
        bare=True,
    ),
    Form(
        "CN 97101765.4",
        "application before 2003-10, or ZL 97101765.4 once granted",
        re.compile(r"(ZL ?)?(\d{2})([12389])(\d{5})\.([0-9X])"),
        _read_old_application,
        bare=True,
    ),
    Form(
        "CN 107705012 A",
        "publication or grant",
        re.compile(r"([123])(\d{6}|\d{8})[ -]?([ABCUYSD])?"),
        _read_publication,
    ),
)
