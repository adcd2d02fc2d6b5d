"""Who owns what, as a chain of title makes it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from operator import itemgetter
from typing import Final
from uuid import UUID

from marketplace.assets.standing.days import months_after
from marketplace.assets.title.models import Conveyance, ConveyanceKind

WHOLE: Final = Fraction(1)
_LAST: Final = 2**31
Shares = Mapping[UUID, Fraction]
Change = tuple[datetime, Shares, str]
"""A moment, who has which share from then on, and what that is based on."""


@dataclass(frozen=True, slots=True)
class Period:
    """One owner's share, from one change of it to the next."""

    organisation_id: UUID
    share: Fraction
    owned_from: datetime
    owned_until: datetime | None
    basis: str

    def covers(self, moment: datetime) -> bool:
        return self.owned_from <= moment and (self.owned_until is None or moment < self.owned_until)


@dataclass(frozen=True, slots=True)
class Chain:
    """What a chain of title comes to, and which links convey nothing, as their giver had none."""

    periods: Sequence[Period]
    void: frozenset[UUID]

    def owners_at(self, moment: datetime) -> dict[UUID, Fraction]:
        return {p.organisation_id: p.share for p in self.periods if p.covers(moment)}


def receipt(conveyance: Conveyance) -> tuple[date, int]:
    """When the office received it; what it never received ranks last."""
    order = conveyance.receipt_order
    return conveyance.received_on or date.max, _LAST if order is None else order


def rank(conveyance: Conveyance) -> tuple[object, ...]:
    """The order of links by which title passed at one moment: as the office received them.

    Never the order in which we wrote them down.
    """
    return (
        conveyance.from_organisation_id is not None,
        *receipt(conveyance),
        conveyance.recordal_number or "",
        str(conveyance.to_organisation_id),
    )


def replay(conveyances: Iterable[Conveyance]) -> Chain:
    """The owners of every moment, as these links make them.

    Where the law protects later purchasers, a link that was not received in time conveys nothing
    as soon as one of them would get nothing because of it (35 USC 261).
    """
    links = _counting(list(conveyances))
    first = min((link.passed_at for link in links if link.from_organisation_id), default=None)
    dated = [(_begins(link, first), rank(link), link) for link in links]
    dated.sort(key=itemgetter(0, 1))
    ordered = [(moment, link) for moment, _, link in dated]
    beaten: frozenset[UUID] = frozenset()
    while more := _beaten_by_purchasers(ordered, beaten):
        beaten = more
    changes, void = _convey_all(ordered, beaten)
    return Chain(list(_periods(_last_of_each_moment(changes))), void)


def _convey_all(
    ordered: Sequence[tuple[datetime, Conveyance]], beaten: frozenset[UUID]
) -> tuple[list[Change], frozenset[UUID]]:
    """What the links make of the shares one after the other, and which convey nothing."""
    held: dict[UUID, Fraction] = {}
    void: set[UUID] = set(beaten)
    changes: list[Change] = []
    for moment, link in ordered:
        if link.id in beaten:
            continue
        if _convey(link, held):
            changes.append((moment, dict(held), link.basis))
        else:
            void.add(link.id)
    return changes, frozenset(void)


def _beaten_by_purchasers(
    ordered: Sequence[tuple[datetime, Conveyance]], beaten: frozenset[UUID]
) -> frozenset[UUID]:
    """What is beaten when one more purchaser is protected; nothing when nobody has to be.

    The latest links give way first, and no more of them than the purchase takes.
    """
    if not any(link.recordal_months is not None for _, link in ordered):
        return frozenset()
    void = _convey_all(ordered, beaten)[1] - beaten
    for place, (_, purchase) in enumerate(ordered):
        if purchase.id not in void:
            continue
        more = beaten
        for _, earlier in reversed(ordered[:place]):
            if earlier.id not in beaten and gives_way(earlier, purchase):
                more |= {earlier.id}
                if purchase.id not in _convey_all(ordered, more)[1]:
                    return more
    return frozenset()


def gives_way(earlier: Conveyance, purchase: Conveyance) -> bool:
    """Whether a transfer is void against a purchase from the same giver: it came too late.

    Too late is neither within the months that its rule gives it, nor before the later purchase.
    """
    rivals = earlier.from_organisation_id == purchase.from_organisation_id
    bought = purchase.kind is ConveyanceKind.ASSIGNMENT and purchase.received_on is not None
    if earlier.recordal_months is None or not (rivals and bought):
        return False
    in_time = months_after(_dated(earlier), earlier.recordal_months)
    received = earlier.received_on or date.max
    return received > in_time and received >= _dated(purchase) > _dated(earlier)


def _dated(link: Conveyance) -> date:
    return link.effective_on or link.contract_on or link.passed_at.date()


def _counting(conveyances: Sequence[Conveyance]) -> list[Conveyance]:
    """Every link; what was declared only while no register tells of the grant."""
    granted = any(link.kind is ConveyanceKind.GRANT for link in conveyances)
    declared = ConveyanceKind.DECLARATION
    return [link for link in conveyances if not (granted and link.kind is declared)]


def _begins(link: Conveyance, first_transfer: datetime | None) -> datetime:
    """When title passed; what was declared, at the latest before the first transfer after it."""
    if link.kind is ConveyanceKind.DECLARATION and first_transfer:
        return min(link.passed_at, first_transfer - timedelta(days=1))
    return link.passed_at


def _last_of_each_moment(changes: Sequence[Change]) -> list[Change]:
    return list({change[0]: change for change in changes}.values())


def _convey(link: Conveyance, held: dict[UUID, Fraction]) -> bool:
    giver = link.from_organisation_id
    if giver is not None:
        left = held.get(giver, Fraction(0)) - link.share
        if left < 0:
            return False
        held[giver] = left
    held[link.to_organisation_id] = held.get(link.to_organisation_id, Fraction(0)) + link.share
    return True


def _periods(changes: Sequence[Change]) -> Iterable[Period]:
    """From one change of an owner's share to the next."""
    for owner in dict.fromkeys(owner for _, held, _ in changes for owner in held):
        shares = [(at, held.get(owner, Fraction(0)), basis) for at, held, basis in changes]
        own = [
            after
            for before, after in pairwise([None, *shares])
            if after and (before is None or before[1] != after[1])
        ]
        for (begins, share, basis), following in zip(own, [*own[1:], None], strict=True):
            if share:
                yield Period(owner, share, begins, following and following[0], basis)
