"""Japan: years of an imperial era before 2000, and one series of numbers per kind of right.

Because the series overlap, a number is complete only with a kind code (documents) or with the
letter P, U, D or T that the office puts before an application's year.
"""

import re
from typing import Final

from marketplace.assets.identifiers.document import DocumentClass, RegisteredRight
from marketplace.assets.identifiers.forms import Form, Reading, with_kind

_RIGHTS: Final = {
    "A": RegisteredRight.PATENT,
    "B": RegisteredRight.PATENT,
    "U": RegisteredRight.UTILITY_MODEL,
    "Y": RegisteredRight.UTILITY_MODEL,
    "S": RegisteredRight.DESIGN,
}
_APPLICATION_RIGHTS: Final = {
    "P": RegisteredRight.PATENT,
    "U": RegisteredRight.UTILITY_MODEL,
    "D": RegisteredRight.DESIGN,
    "T": RegisteredRight.TRADEMARK,
}
_SERIES: Final = {"A": "", "B": "B", "U": "U", "Y": "Y"}
_REGISTER_SERIES: Final = {"B": "", "U": "U", "Y": "U", "S": "S"}
_ERA_YEARS: Final = {"T": range(1, 16), "S": range(1, 65), "H": range(1, 12)}
_FIRST_UNEXAMINED_SHOWA_YEAR: Final = 46
_FIRST_WESTERN_YEAR: Final = 2000


def _read_era(match: re.Match[str]) -> Reading | None:
    kind = match[7]
    year, serial = int(match[2] or match[5]), int(match[3] or match[6])
    era = match[1] or match[4] or _era_of_unexamined(year, kind)
    if era is None or year not in _ERA_YEARS[era] or not serial:
        return None
    return _published(f"{era}{year:02}{serial}", f"{era}{year:02}-{serial}", kind)


def _era_of_unexamined(year: int, kind: str | None) -> str | None:
    # Applications are laid open since Showa 46 (1971), so there a bare year has only one era.
    if kind not in {None, "A", "U"}:
        return None
    return "S" if year >= _FIRST_UNEXAMINED_SHOWA_YEAR else "H"


def _read_western(match: re.Match[str]) -> Reading | None:
    year, serial, kind = match[1], int(match[2] or match[3]), match[4]
    if int(year) < _FIRST_WESTERN_YEAR or not serial:
        return None
    return _published(f"{year}{serial:06}", f"{year}-{serial:06}", kind)


def _published(number: str, written: str, kind: str | None) -> Reading:
    document = f"JP{number}{kind or ''}"
    if kind is None:
        both = (DocumentClass.APPLICATION, DocumentClass.PUBLICATION)
        advice = (
            f"say which series: JP {written} A for a published patent application (U for a"
            " utility model), or JP P2003-008354 for a patent application (U, D, T for others)"
        )
        return Reading(both, number, f"JP {written}", docdb=document, flaw=advice)
    return Reading(
        (DocumentClass.PUBLICATION,),
        normalized=f"{_SERIES[kind[0]]}{number}",
        display=f"JP {written} {kind}",
        kind_code=kind,
        right_kind=_RIGHTS[kind[0]],
        docdb=document,
    )


def _read_registered(match: re.Match[str]) -> Reading:
    number, kind = match.groups()
    return Reading(
        (DocumentClass.REGISTRATION if kind == "S" else DocumentClass.GRANT,),
        normalized=f"{_REGISTER_SERIES[kind[0]]}{number}" if kind else number,
        display=with_kind(f"JP {number}", kind),
        kind_code=kind,
        right_kind=_RIGHTS[kind[0]] if kind else None,
        docdb=f"JP{number}{kind or ''}",
        flaw=None
        if kind
        else f"say which series: JP {number} B2 is a patent, U a utility model, S a design",
    )


def _read_application(match: re.Match[str]) -> Reading | None:
    letter, year, serial = match[1], match[2], int(match[3] or match[4])
    if int(year) < _FIRST_WESTERN_YEAR or not serial:
        return None
    return Reading(
        (DocumentClass.APPLICATION,),
        normalized=f"{letter}{year}{serial:06}",
        display=f"JP {letter}{year}-{serial:06}",
        right_kind=_APPLICATION_RIGHTS[letter],
    )


def _read_gazetted(match: re.Match[str]) -> Reading:
    """`P6543210`, as gazettes print the number of a patent, whatever its kind code."""
    return Reading(
        (DocumentClass.GRANT,),
        normalized=match[1],
        display=f"JP P{match[1]}",
        right_kind=RegisteredRight.PATENT,
        docdb=f"JP{match[1]}",
    )


FORMS: Final = (
    Form(
        "JP 2003-238103 A",
        "publication",
        re.compile(r"(20\d{2})(?:[-/ ](\d{1,6})|(\d{6}))[ -]?(A|U)?"),
        _read_western,
    ),
    Form(
        "JP H08-179521 A",
        "publication before 2000",
        re.compile(
            r"(?:([TSH])(\d{2})(\d{1,6})|([TSH])?(\d{1,2})[- ](\d{1,6}))[ -]?(A|U|B1|B2|Y1|Y2)?"
        ),
        _read_era,
    ),
    Form(
        "JP 4219000 B2",
        "grant or registration",
        re.compile(r"([1-9]\d{5,6})[ -]?(B1|B2|U|Y2|S)?"),
        _read_registered,
    ),
    Form(
        "JP P2003-008354",
        "application",
        re.compile(r"([PUDT])(\d{4})(?:-(\d{1,6})|(\d{6}))"),
        _read_application,
    ),
    Form(
        "JP P6543210",
        "grant of a patent",
        re.compile(r"P([1-9]\d{5,6})"),
        _read_gazetted,
    ),
)
