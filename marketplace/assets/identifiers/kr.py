"""Korea: type of right, year and serial number; a registration has no year.

The type digits are 10 patent, 20 utility model, 30 design, 40 trade mark. Applications and their
publications share one form, so only the caller, or a kind code, can tell which is meant.
"""

import re
from typing import Final

from marketplace.assets.identifiers.document import DocumentClass, RegisteredRight
from marketplace.assets.identifiers.forms import Form, Reading, with_kind

_RIGHTS: Final = {
    "10": RegisteredRight.PATENT,
    "20": RegisteredRight.UTILITY_MODEL,
    "30": RegisteredRight.DESIGN,
    "40": RegisteredRight.TRADEMARK,
}
_KINDS: Final = {"10": ("A", "B1"), "20": ("U", "Y1"), "30": ("S", "S1"), "40": ()}
_TYPE_OF_PUBLICATION: Final = {"A": "10", "U": "20"}
_KIND_OF_PUBLICATION: Final = {"10": "A", "20": "U"}
_UNDIVIDED: Final = "0000"


def _read_filed(match: re.Match[str]) -> Reading | None:
    type_digits, year, serial, kind = match.groups()
    if kind and kind not in _KINDS[type_digits]:
        return None
    published_kind = kind or _KIND_OF_PUBLICATION.get(type_digits)
    return Reading(
        _filed_classes(kind),
        normalized=f"{type_digits}{year}{serial}",
        display=with_kind(f"KR {type_digits}-{year}-{serial}", kind),
        kind_code=kind,
        right_kind=_RIGHTS[type_digits],
        docdb=f"KR{year}{serial}{published_kind}" if published_kind else None,
    )


def _read_untyped(match: re.Match[str]) -> Reading | None:
    year, serial, kind = match.groups()
    if kind is None:
        return _untold(year, serial)
    type_digits = _TYPE_OF_PUBLICATION[kind]
    return Reading(
        _filed_classes(kind),
        normalized=f"{type_digits}{year}{serial}",
        display=f"KR {type_digits}-{year}-{serial} {kind}",
        kind_code=kind,
        right_kind=_RIGHTS[type_digits],
        docdb=f"KR{year}{serial}{kind}",
    )


def _untold(year: str, serial: str) -> Reading:
    return Reading(
        _filed_classes(None),
        normalized=f"{year}{serial}",
        display=f"KR {year}-{serial}",
        docdb=f"KR{year}{serial}",
        flaw=(
            f"say which right it is: KR 10-{year}-{serial} is of a patent, KR 20-{year}-{serial}"
            " of a utility model"
        ),
    )


def _filed_classes(kind: str | None) -> tuple[DocumentClass, ...]:
    if kind is None:
        return (DocumentClass.APPLICATION, DocumentClass.PUBLICATION)
    return (DocumentClass.PUBLICATION,)


def _read_registered(match: re.Match[str]) -> Reading | None:
    type_digits, serial, suffix, kind = match.groups()
    if kind and kind not in _KINDS[type_digits]:
        return None
    divided = suffix not in {None, _UNDIVIDED}
    number = f"KR {type_digits}-{serial}" + (f"-{suffix}" if divided else "")
    return Reading(
        (_register_class(type_digits),),
        normalized=f"{type_digits}{serial}{suffix or _UNDIVIDED}",
        display=with_kind(number, kind),
        kind_code=kind,
        right_kind=_RIGHTS[type_digits],
        docdb=None if divided else f"KR{type_digits}{serial}{kind or ''}",
    )


def _register_class(type_digits: str) -> DocumentClass:
    granted = type_digits in _KIND_OF_PUBLICATION
    return DocumentClass.GRANT if granted else DocumentClass.REGISTRATION


FORMS: Final = (
    Form(
        "KR 10-2021-0012345",
        "application or publication",
        re.compile(r"(10|20|30|40)[ -]?((?:19|20)\d{2})[ -]?(\d{7})[ -]?(A|U)?"),
        _read_filed,
        bare=True,
    ),
    Form(
        "KR 2024-0072778 A",
        "publication",
        re.compile(r"((?:19|20)\d{2})[ -]?(\d{7})[ -]?(A|U)?"),
        _read_untyped,
    ),
    Form(
        "KR 10-1536536",
        "grant or registration",
        re.compile(r"(10|20|30|40)[ -]?(\d{7})(?:[ -]?(\d{4}))?[ -]?(B1|Y1|S1?)?"),
        _read_registered,
        bare=True,
    ),
)
