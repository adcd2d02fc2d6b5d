"""Fields of use as intervals of the patent classification: `G06Q 10/06` lies within `G06Q 10`.

A subgroup is a decimal fraction, so 10/063 lies within 10/06. The dots of the scheme, which nest
subgroups otherwise, are not in the digits; reading digits as nesting refuses rather too much than
too little. `G06Q 10/00` is the whole main group, as the scheme has it.
"""

from collections.abc import Iterable
from typing import Final

from marketplace.assets.encumbrances.intervals import Interval, Intervals, merged
from marketplace.assets.identifiers import Classification, parse_ipc

_SECTIONS: Final = "ABCDEFGHY"
_DIGITS: Final = 6
_GROUP: Final = 10**_DIGITS
_SUBCLASS: Final = 10_000 * _GROUP
_CLASS: Final = 26 * _SUBCLASS
_SECTION: Final = 100 * _CLASS


def intervals(symbols: Iterable[str]) -> Intervals:
    """The union of fields; nothing named is every field."""
    return merged(_of(parse_ipc(symbol)) for symbol in symbols)


def _of(found: Classification) -> Interval:
    begins, width = _SECTIONS.index(found.section) * _SECTION, _SECTION
    if found.section_class is not None:
        begins, width = begins + int(found.section_class) * _CLASS, _CLASS
    if found.subclass is not None:
        begins, width = begins + (ord(found.subclass) - ord("A")) * _SUBCLASS, _SUBCLASS
    if found.main_group is not None:
        begins, width = begins + found.main_group * _GROUP, _GROUP
    if found.subgroup is not None and int(found.subgroup):
        width = 10 ** (_DIGITS - len(found.subgroup))
        begins += int(found.subgroup) * width
    return begins, begins + width
