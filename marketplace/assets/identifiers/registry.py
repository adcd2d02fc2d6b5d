"""Which forms belong to which office, and how a text is matched against them."""

from collections.abc import Iterator, Mapping
from typing import Final

from marketplace.assets.identifiers import cn, elsewhere, ep, jp, kr, us, wo
from marketplace.assets.identifiers.forms import Form, Reading
from marketplace.assets.identifiers.st3 import OFFICES

FORMS: Final[Mapping[str, tuple[Form, ...]]] = {
    "KR": kr.FORMS,
    "CN": cn.FORMS,
    "US": us.FORMS,
    "EP": ep.FORMS,
    "WO": wo.FORMS,
    "JP": jp.FORMS,
}
_MARKS: Final = {"ZL": "CN", "PCT/": "WO"}
_SELF_EVIDENT_MARKS: Final = frozenset("-/.X")


def split_office(text: str) -> tuple[str | None, str]:
    """`KR 10-1536536` → KR and `10-1536536`; None where no office is written.

    `ZL` and `PCT/` tell the office and stay in the number, since they tell its class as well.
    """
    for mark, office in _MARKS.items():
        if text.startswith(mark):
            return office, text
    code, number = text[:2], text[2:].lstrip(" -")
    if code not in OFFICES:
        return None, text
    # Citation lists of USPTO repeat the code: WOWO 99/39395.
    return code, number.removeprefix(code).lstrip(" -")


def forms_of(office: str) -> tuple[Form, ...]:
    """The written forms of an office of `st3.OFFICES`."""
    return FORMS.get(office) or elsewhere.forms_of(office)


def readings(number: str, office: str | None) -> Iterator[tuple[str, Reading]]:
    """Every understanding of a number, with its office.

    Without an office only punctuated forms count: a row of digits could be of any office.
    """
    for code, form in _applicable(number, office):
        match = form.pattern.fullmatch(number)
        reading = form.read(match) if match else None
        if reading is not None:
            yield code, reading


def _applicable(number: str, office: str | None) -> Iterator[tuple[str, Form]]:
    if office is not None:
        yield from ((office, form) for form in forms_of(office))
    elif not _SELF_EVIDENT_MARKS.isdisjoint(number):
        for code, forms in FORMS.items():
            yield from ((code, form) for form in forms if form.bare)
