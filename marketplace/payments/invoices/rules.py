"""Whose fee is which part of a deduction, and what a credit note gives back of which invoice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from marketplace.kernel.money import split

NOTHING: Final = (0, 0)


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee in minor units, and the VAT on it."""

    net_minor: int
    vat_minor: int

    @property
    def gross_minor(self) -> int:
        return self.net_minor + self.vat_minor


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who bore how much of a fee, its VAT included."""

    organisation_id: UUID
    deducted_minor: int


def share_fee(fee: Fee, bearers: Sequence[Bearer]) -> list[Fee]:
    """Each bearer's fee and VAT, which together are exactly what was deducted from them.

    The fee is shared by what was deducted, with the largest remainder; so no share of it is more
    than the deduction, whose rest is VAT.
    """
    deducted = [bearer.deducted_minor for bearer in bearers]
    if sum(deducted) != fee.gross_minor:
        raise ValueError("the deductions are the fee and its VAT")
    if not fee.gross_minor:
        return [Fee(*NOTHING) for _ in bearers]
    net = split(fee.net_minor, deducted)
    return [Fee(own, whole - own) for own, whole in zip(net, deducted, strict=True)]


def share_credit(credit: Fee, left: Sequence[Fee]) -> list[Fee]:
    """What of a fee that is given back belongs to which invoice, by what is left of each.

    No share is more than is left, and giving everything back leaves nothing anywhere.
    """
    net = _shared(credit.net_minor, [one.net_minor for one in left])
    vat = _shared(credit.vat_minor, [one.vat_minor for one in left])
    return [Fee(*pair) for pair in zip(net, vat, strict=True)]


def _shared(amount_minor: int, left: Sequence[int]) -> list[int]:
    if not 0 <= amount_minor <= sum(left):
        raise ValueError("no more is given back than was invoiced")
    return split(amount_minor, left) if amount_minor else [0] * len(left)
