"""Fields of use as intervals of the patent classification: `G06Q 10/06` lies within `G06Q 10`.

How subgroups nest is told by the dots of the scheme and not by their digits: `G06F 21/62` may be a
part of `21/60` (docs/decisions/0081). So two subgroups of one main group may overlap, and neither
surely lies within the other. `G06Q 10/00` is the whole main group, as the scheme has it.
"""

from collections.abc import Collection, Iterable
from typing import Final

from marketplace.assets.encumbrances.intervals import Interval, Intervals, merged
from marketplace.assets.identifiers import Classification, parse_ipc

_SECTIONS: Final = "ABCDEFGHY"
_GROUP: Final = 10**6
_SUBCLASS: Final = 10_000 * _GROUP
_CLASS: Final = 26 * _SUBCLASS
_SECTION: Final = 100 * _CLASS


def intervals(symbols: Iterable[str]) -> Intervals:
    """The union of fields, each widened to its main group; nothing named is every field."""
    return merged(_of(parse_ipc(symbol)) for symbol in symbols)


def _of(found: Classification) -> Interval:
    begins, width = _SECTIONS.index(found.section) * _SECTION, _SECTION
    if found.section_class is not None:
        begins, width = begins + int(found.section_class) * _CLASS, _CLASS
    if found.subclass is not None:
        begins, width = begins + (ord(found.subclass) - ord("A")) * _SUBCLASS, _SUBCLASS
    if found.main_group is not None:
        begins, width = begins + found.main_group * _GROUP, _GROUP
    return begins, begins + width


def lies_within(field: str, wider: str) -> bool:
    """Whether a field is surely a part of another: the same, or of its main group or above."""
    inner, outer = parse_ipc(field), parse_ipc(wider)
    if _is_subgroup(outer):
        return inner == outer
    (begins, ends), (first, last) = _of(inner), _of(outer)
    return first <= begins and ends <= last


def _is_subgroup(found: Classification) -> bool:
    return found.subgroup is not None and int(found.subgroup) > 0


def within(fields: Collection[str], wider: Collection[str]) -> bool:
    """Whether every field is a part of one of others; nothing named is every field."""
    if not fields or not wider:
        return not wider
    return all(any(lies_within(field, one) for one in wider) for field in fields)
