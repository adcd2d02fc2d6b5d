"""Whether a document announces a right in force or only an application.

The letters of WIPO ST.16 mean different things by office and era, so this is a table of eras.
Sources: kind code lists of the EPO (Korea, China, Japan), of USPTO (before and after 2001-01-02).
"""

from dataclasses import dataclass
from datetime import date
from typing import Final


@dataclass(frozen=True, slots=True)
class _Era:
    """From `since` until the day before `until`, a kind code meant a granted right or did not."""

    granted: bool
    since: date = date.min
    until: date = date.max


_NEVER: Final = (_Era(granted=False),)
_ALWAYS: Final = (_Era(granted=True),)
# Examined and laid open for opposition, before any grant.
_KR_OPPOSITION: Final = (
    _Era(granted=False, until=date(1997, 1, 1)),
    # Both procedures ran side by side during 1997.
    _Era(granted=True, since=date(1998, 1, 1)),
)
_CN_OPPOSITION: Final = (
    _Era(granted=False, until=date(1993, 1, 1)),
    # From 1993 the codes C, Y and D stood for grants, until the old letters came back.
    _Era(granted=True, since=date(2010, 4, 1)),
)
_JP_OPPOSITION: Final = (
    _Era(granted=False, until=date(1996, 4, 1)),
    _Era(granted=True, since=date(1996, 5, 1)),
)
_US_FORMER_GRANT: Final = (_Era(granted=True, until=date(2001, 1, 2)),)


def _kinds(
    office: str, codes: str, eras: tuple[_Era, ...]
) -> dict[tuple[str, str], tuple[_Era, ...]]:
    return {(office, code): eras for code in codes.split()}


_ERAS: Final = {
    **_kinds("KR", "A U", _NEVER),
    **_kinds("KR", "B1 Y1", _KR_OPPOSITION),
    **_kinds("KR", "S S1", _ALWAYS),
    **_kinds("CN", "A", _NEVER),
    **_kinds("CN", "B U S", _CN_OPPOSITION),
    **_kinds("CN", "C Y D", _ALWAYS),
    **_kinds("US", "A", _US_FORMER_GRANT),
    **_kinds("US", "A1 A2 A9 P1 P4 P9", _NEVER),
    **_kinds("US", "H H1", _NEVER),
    **_kinds("US", "B1 B2 E E1 P P2 P3 S S1", _ALWAYS),
    **_kinds("EP", "A1 A2 A3 A4 A8 A9", _NEVER),
    **_kinds("EP", "B1 B2 B3 B8 B9", _ALWAYS),
    **_kinds("WO", "A1 A2 A3 A4 A8 A9", _NEVER),
    **_kinds("JP", "A A1", _NEVER),
    **_kinds("JP", "B1 B2 Y2", _JP_OPPOSITION),
    **_kinds("JP", "S", _ALWAYS),
}


def is_granted(office: str, kind_code: str | None, publication_date: date | None) -> bool | None:
    """Whether the document of this kind, published on this day, announces a granted right.

    None where that is unknown: no kind code, an office or kind without a table, a day in no era,
    or no day for a kind whose meaning has changed.
    """
    eras = _ERAS.get((office.upper(), (kind_code or "").upper()), ())
    if publication_date is None:
        return eras[0].granted if eras in {_NEVER, _ALWAYS} else None
    for era in eras:
        if era.since <= publication_date < era.until:
            return era.granted
    return None
