"""United States: grants by plain serial number, applications by series, publications by year."""

import re
from typing import Final

from marketplace.assets.identifiers.document import DocumentClass, RegisteredRight
from marketplace.assets.identifiers.forms import Form, Reading, with_kind

_KINDS: Final = {
    "": ("A", "B1", "B2"),
    "D": ("S", "S1"),
    "RE": ("E", "E1"),
    "PP": ("P", "P2", "P3"),
    "H": ("H", "H1"),
    "T": (),
    "X": (),
}
_RIGHTS: Final = {
    "": RegisteredRight.PATENT,
    "D": RegisteredRight.DESIGN,
    "RE": None,  # a reissue of a utility, plant or design patent
    "PP": RegisteredRight.PATENT,
    "H": None,  # a statutory invention registration gives no right to exclude
    "T": None,  # a defensive publication gives none either
    "X": RegisteredRight.PATENT,
}
_GRANT_DIGITS_MAX: Final = 8
_FIRST_PUBLICATION_YEAR: Final = 2001
_DESIGN_SERIES: Final = "29"


def _read_grant(match: re.Match[str]) -> Reading | None:
    prefix, digits, kind = match[1] or "", match[2].replace(",", "").lstrip("0"), match[3]
    if not 0 < len(digits) <= _GRANT_DIGITS_MAX or (kind and kind not in _KINDS[prefix]):
        return None
    return Reading(
        (DocumentClass.GRANT,),
        normalized=f"{prefix}{digits}",
        display=with_kind(f"US {prefix}{int(digits):,}", kind),
        kind_code=kind,
        right_kind=_RIGHTS[prefix],
        docdb=f"US{prefix}{digits}{kind or ''}",
    )


def _read_publication(match: re.Match[str]) -> Reading | None:
    year, serial, kind = match[1], int(match[2] or match[3]), match[4]
    if int(year) < _FIRST_PUBLICATION_YEAR:
        return None
    # DOCDB writes six serial digits; the office seven, the first of which has always been zero.
    number = f"{year}{serial:06}"
    return Reading(
        (DocumentClass.PUBLICATION,),
        normalized=number,
        display=with_kind(f"US {year}/{serial:07}", kind),
        kind_code=kind,
        right_kind=RegisteredRight.PATENT,
        docdb=f"US{number}{kind or ''}",
    )


def _read_application(match: re.Match[str]) -> Reading:
    series, thousands, rest = match.groups()
    return Reading(
        (DocumentClass.APPLICATION,),
        normalized=f"{series}{thousands}{rest}",
        display=f"US {series}/{thousands},{rest}",
        right_kind=RegisteredRight.DESIGN if series == _DESIGN_SERIES else None,
    )


FORMS: Final = (
    Form(
        "US 11,123,456 B2",
        "grant",
        re.compile(
            r"(?:(D|RE|PP|H|T|X)[ -]?)?(\d{1,3}(?:,?\d{3}){0,3})[ -]?(A|B1|B2|E1?|S1?|P[23]?|H1?)?"
        ),
        _read_grant,
    ),
    Form(
        "US 2014/0167116 A1",
        "publication",
        re.compile(r"(20\d{2})(?:[/ -]?(\d{7})|(\d{6}))[ -]?(A1|A2|A9|P1|P4|P9)?"),
        _read_publication,
    ),
    Form(
        "US 14/104,993",
        "application",
        re.compile(r"(\d{2})/?(\d{3}),?(\d{3})"),
        _read_application,
        bare=True,
    ),
)
