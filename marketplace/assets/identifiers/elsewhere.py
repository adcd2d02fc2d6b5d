"""Offices whose numbering is not modelled: the digits are kept, the caller says what they count."""

import re
from functools import cache, partial
from typing import Final

from marketplace.assets.identifiers.document import DocumentClass
from marketplace.assets.identifiers.forms import Form, Reading, with_kind

_PATTERN: Final = re.compile(r"([A-Z]{0,3}\d+(?:[ .,/-]\d+)*)[ -]?([A-Z]\d?)?")
_SEPARATORS: Final = re.compile(r"[ .,-]")
_LEADING_ZEROS: Final = re.compile(r"^0+(?=\d)")
_DIGITS_MAX: Final = 20


def _read(office: str, match: re.Match[str]) -> Reading | None:
    # A slash separates number and year in some countries, so it is kept.
    number, kind = _LEADING_ZEROS.sub("", _SEPARATORS.sub("", match[1])), match[2]
    if len(number) > _DIGITS_MAX or not re.search("[1-9]", number):
        return None
    return Reading(
        tuple(DocumentClass),
        normalized=number,
        display=with_kind(f"{office} {number}", kind),
        kind_code=kind,
        docdb=f"{office}{number}{kind or ''}",
    )


@cache
def forms_of(office: str) -> tuple[Form, ...]:
    """The one lenient form of an office of `st3.OFFICES`."""
    example = f"{office} 2024270787 A1"
    return (Form(example, "with its document class", _PATTERN, partial(_read, office)),)
