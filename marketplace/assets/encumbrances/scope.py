"""The scope of a licence, as the product of its dimensions: two conflict only where all overlap."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from marketplace.assets.encumbrances import fields as classification
from marketplace.assets.encumbrances import territories as geography
from marketplace.assets.encumbrances.intervals import Intervals, covers, merged, overlap
from marketplace.assets.encumbrances.kinds import EVERY_USE, Use


@dataclass(frozen=True, slots=True)
class Scope:
    """Claims × territory × field of use × ways of use × time; nothing named is no limit.

    `ends_at` is the first moment after it.
    """

    starts_at: datetime
    ends_at: datetime | None = None
    claims: tuple[int, ...] = ()
    territories: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    uses: Use = EVERY_USE

    @classmethod
    def whole(cls, starts_at: datetime) -> Self:
        """The whole right from a moment on, for ever."""
        return cls(starts_at)

    @property
    def is_whole(self) -> bool:
        return not (self.claims or self.territories or self.fields) and self.uses == EVERY_USE

    @property
    def claim_intervals(self) -> Intervals:
        return merged((claim, claim + 1) for claim in self.claims)

    @property
    def territory_intervals(self) -> Intervals:
        return geography.intervals(self.territories)

    @property
    def field_intervals(self) -> Intervals:
        return classification.intervals(self.fields)

    def covers(self, other: "Scope") -> bool:
        """Whether it has all that the other has."""
        if self.ends_at is not None and (other.ends_at is None or other.ends_at > self.ends_at):
            return False
        return (
            covers(self.claim_intervals, other.claim_intervals)
            and covers(self.territory_intervals, other.territory_intervals)
            and classification.within(other.fields, self.fields)
            and self.uses & other.uses == other.uses
            and self.starts_at <= other.starts_at
        )

    def overlaps(self, other: "Scope") -> bool:
        """Whether both have something in common on every dimension."""
        pairs = (
            (self.claim_intervals, other.claim_intervals),
            (self.territory_intervals, other.territory_intervals),
            (self.field_intervals, other.field_intervals),
        )
        return (
            all(overlap(*pair) for pair in pairs)
            and bool(self.uses & other.uses)
            and (self.ends_at is None or other.starts_at < self.ends_at)
            and (other.ends_at is None or self.starts_at < other.ends_at)
        )


def uses_of(names: Iterable[str]) -> Use:
    """`make`, `sell` … as one set; none named is every use."""
    found = Use(0)
    for name in names:
        found |= Use[name.upper()]
    return found or EVERY_USE


def names_of(uses: int) -> list[str]:
    return [str(use.name).lower() for use in Use if uses & use]
