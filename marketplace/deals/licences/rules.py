"""Whether one licence lies within another: a sub-licence gives nothing that its licensor lacks."""

from collections.abc import Iterable, Sequence
from datetime import date

from marketplace.assets.identifiers import parse_ipc
from marketplace.listings.deal_types import ALONE, LicenceKind
from marketplace.listings.licensing.terms import LicenceTerms


def lies_within(field: str, wider: str) -> bool:
    """Whether a field of use is a part of another: `G06Q 10/06` is one of `G06Q 10`.

    Digits of a subgroup are decimals, so 10/063 lies within 10/06; 10/00 is the whole main group.
    """
    inner, outer = parse_ipc(field), parse_ipc(wider)
    if outer.subgroup is not None and int(outer.subgroup):
        same = (inner.section, inner.section_class, inner.subclass, inner.main_group) == (
            outer.section,
            outer.section_class,
            outer.subclass,
            outer.main_group,
        )
        return same and (inner.subgroup or "").startswith(outer.subgroup)
    pairs = (
        (outer.section, inner.section),
        (outer.section_class, inner.section_class),
        (outer.subclass, inner.subclass),
        (outer.main_group, inner.main_group),
    )
    return all(wide is None or wide == narrow for wide, narrow in pairs)


def outside(terms: LicenceTerms, head: LicenceTerms) -> str | None:
    """What of some terms goes beyond a head licence's; None when nothing does."""
    cap = head.quantity_cap
    allowed = {
        "the head licence allows no sub-licences": head.sublicensable,
        "who is a licensee among others cannot promise to be the only one": (
            terms.kind not in ALONE or head.kind in ALONE
        ),
        "claims": not head.claims or (terms.claims and set(terms.claims) <= set(head.claims)),
        "territories": set(terms.territories) <= set(head.territories),
        "acts": set(terms.acts) <= set(head.acts),
        "fields of use": not head.fields or _fields_within(terms.fields, head.fields),
        "quantity": cap is None or (terms.quantity_cap is not None and terms.quantity_cap <= cap),
    }
    return next((what for what, within in allowed.items() if not within), None)


def _fields_within(fields: Sequence[str], head: Sequence[str]) -> bool:
    return bool(fields) and all(any(lies_within(f, wider) for wider in head) for f in fields)


def overlap(one: LicenceTerms, other: LicenceTerms) -> bool:
    """Whether two licences have something in common in every dimension; nothing named is all."""
    return (
        _meet(one.claims, other.claims)
        and bool(set(one.territories) & set(other.territories))
        and bool(set(one.acts) & set(other.acts))
        and _fields_meet(one.fields, other.fields)
    )


def excludes(one: LicenceKind, other: LicenceKind) -> bool:
    """Whether two kinds cannot stand beside each other in one scope."""
    return one in ALONE or other in ALONE


def _meet(one: Sequence[int], other: Sequence[int]) -> bool:
    return not one or not other or bool(set(one) & set(other))


def _fields_meet(one: Sequence[str], other: Sequence[str]) -> bool:
    if not one or not other:
        return True
    return any(lies_within(a, b) or lies_within(b, a) for a in one for b in other)


def last_end(ends: Iterable[date | None]) -> date | None:
    """When the last of some rights is over; None as long as nobody knows it of one of them."""
    known = list(ends)
    days = [day for day in known if day is not None]
    return max(days) if days and len(days) == len(known) else None
