"""Whether one licence lies within another: a sub-licence gives nothing that its licensor lacks."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Final

from marketplace.assets.encumbrances import fields
from marketplace.assets.encumbrances.intervals import covers
from marketplace.assets.encumbrances.scope import Scope, uses_of
from marketplace.listings.deal_types import ALONE, LicenceKind
from marketplace.listings.licensing.terms import LicenceTerms

_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)


def extent(terms: LicenceTerms) -> Scope:
    """What terms give, as the register compares it, whatever the time."""
    return Scope(
        starts_at=_ALWAYS,
        claims=tuple(terms.claims),
        territories=tuple(terms.territories),
        fields=tuple(terms.fields),
        uses=uses_of(terms.acts),
    )


def outside(terms: LicenceTerms, head: LicenceTerms) -> str | None:
    """What of some terms goes beyond a head licence's; None when nothing does."""
    cap, inner, outer = head.quantity_cap, extent(terms), extent(head)
    allowed = {
        "the head licence allows no sub-licences": head.sublicensable,
        "who is a licensee among others cannot promise to be the only one": (
            terms.kind not in ALONE or head.kind in ALONE
        ),
        "claims": covers(outer.claim_intervals, inner.claim_intervals),
        "territories": covers(outer.territory_intervals, inner.territory_intervals),
        "acts": inner.uses in outer.uses,
        "fields of use": fields.within(terms.fields, head.fields),
        "quantity": cap is None or (terms.quantity_cap is not None and terms.quantity_cap <= cap),
    }
    return next((what for what, within in allowed.items() if not within), None)


def overlap(one: LicenceTerms, other: LicenceTerms) -> bool:
    """Whether two licences have something in common in every dimension; nothing named is all."""
    return extent(one).overlaps(extent(other))


def excludes(one: LicenceKind, other: LicenceKind) -> bool:
    """Whether two kinds cannot stand beside each other in one scope."""
    return one in ALONE or other in ALONE


def last_end(ends: Iterable[date | None]) -> date | None:
    """When the last of some rights is over; None as long as nobody knows it of one of them."""
    known = list(ends)
    days = [day for day in known if day is not None]
    return max(days) if days and len(days) == len(known) else None
