"""International applications under the PCT and their publications. WIPO grants nothing."""

import re
from typing import Final

from marketplace.assets.identifiers.document import DocumentClass
from marketplace.assets.identifiers.forms import Form, Reading, with_kind
from marketplace.assets.identifiers.st3 import OFFICES

_FIRST_YEAR: Final = 1978
_SHORT_YEARS: Final = {f"{year % 100:02}": str(year) for year in range(_FIRST_YEAR, 2004)}
"""Two digits were used until 2003. Later ones are refused: 20 would also begin a full year."""


def _full_year(year: str) -> str | None:
    if year in _SHORT_YEARS:
        return _SHORT_YEARS[year]
    return year if int(year) >= _FIRST_YEAR else None


def _read_publication(match: re.Match[str]) -> Reading | None:
    year, serial, kind = _full_year(match[1]), match[2].zfill(6), match[3]
    if year is None:
        return None
    return Reading(
        (DocumentClass.PUBLICATION,),
        normalized=f"{year}{serial}",
        display=with_kind(f"WO {year}/{serial}", kind),
        kind_code=kind,
        docdb=f"WO{year}{serial}{kind or ''}",
    )


def _read_application(match: re.Match[str]) -> Reading | None:
    receiver, year, serial = match[1], _full_year(match[2]), match[3].zfill(6)
    if receiver not in OFFICES or year is None:
        return None
    number = f"PCT/{receiver}{year}/{serial}"
    return Reading((DocumentClass.APPLICATION,), normalized=number, display=number, docdb=number)


FORMS: Final = (
    Form(
        "WO 2019/245288 A1",
        "publication",
        re.compile(r"((?:19|20)\d{2}|\d{2})[/ -]?(\d{5,6})[ -]?(A[1-489])?"),
        _read_publication,
    ),
    Form(
        "PCT/KR2019/007410",
        "application",
        re.compile(r"PCT/([A-Z]{2})((?:19|20)\d{2}|\d{2})/(\d{4,6})"),
        _read_application,
        bare=True,
    ),
)
