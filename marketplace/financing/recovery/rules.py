"""Who gets what of the proceeds, and who bears what of the loss (DOMAIN D7). Pure and exact."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from marketplace.kernel.money import split

RECOVERY_PRICE_PARTS: Final = 2
"""A recovery organisation pays at most half of the valuation at lending."""


@dataclass(frozen=True, slots=True)
class Debt:
    """What is owed, in the order in which it is paid (KR Civil Code 479, CN Civil Code 561)."""

    costs_minor: int = 0
    interest_minor: int = 0
    late_interest_minor: int = 0
    principal_minor: int = 0

    @property
    def total_minor(self) -> int:
        parts = (self.costs_minor, self.interest_minor, self.late_interest_minor)
        return sum(parts) + self.principal_minor

    def minus(self, paid: "Debt") -> "Debt":
        return Debt(
            self.costs_minor - paid.costs_minor,
            self.interest_minor - paid.interest_minor,
            self.late_interest_minor - paid.late_interest_minor,
            self.principal_minor - paid.principal_minor,
        )


@dataclass(frozen=True, slots=True)
class Claim:
    """A creditor's debt at its rank, secured up to an amount when it has one."""

    debt: Debt
    secured_max_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Distribution:
    """What each claim is paid, in the order of ranks, and what is left for the pledgor."""

    paid: tuple[Debt, ...]
    surplus_minor: int


def pay(amount_minor: int, debt: Debt) -> Debt:
    """What an amount pays of a debt: costs, then interest, then late interest, then principal."""
    left = amount_minor
    parts = []
    owed = (debt.costs_minor, debt.interest_minor, debt.late_interest_minor, debt.principal_minor)
    for part in owed:
        parts.append(min(left, part))
        left -= parts[-1]
    return Debt(*parts)


def waterfall(proceeds_minor: int, claims: Sequence[Claim]) -> Distribution:
    """Proceeds by rank. The first claim's costs are those of enforcement, before everybody.

    A claim is paid up to what its pledge secures; costs come on top of that.
    """
    left, paid = proceeds_minor, []
    for claim in claims:
        costs = pay(left, Debt(costs_minor=claim.debt.costs_minor))
        left -= costs.total_minor
        most = left if claim.secured_max_minor is None else min(left, claim.secured_max_minor)
        rest = pay(most, claim.debt.minus(Debt(costs_minor=claim.debt.costs_minor)))
        left -= rest.total_minor
        paid.append(
            Debt(
                costs.costs_minor,
                rest.interest_minor,
                rest.late_interest_minor,
                rest.principal_minor,
            )
        )
    return Distribution(tuple(paid), left)


@dataclass(frozen=True, slots=True)
class Share:
    """A party's share of losses by a scheme. What exceeds its limits falls to the lender.

    `limits_minor` are the cap of the loan, what is left of the year's, and a fund's balance.
    """

    weight: int
    limits_minor: tuple[int, ...] = field(default=())

    def bears(self, minor: int) -> int:
        return max(0, min((minor, *self.limits_minor)))


def allocate(loss_minor: int, shares: Sequence[Share], *, lender: int) -> list[int]:
    """Each party's part of a loss, which they sum to. Ties go to the earlier party.

    Args:
        loss_minor: zero or more.
        shares: in the scheme's order of parties.
        lender: whose place takes what the limits of others leave.
    """
    whole = split(loss_minor, [share.weight for share in shares])
    borne = [share.bears(part) for share, part in zip(shares, whole, strict=True)]
    borne[lender] += loss_minor - sum(borne)
    return borne


@dataclass(frozen=True, slots=True)
class Recovery:
    """What of a later recovery each who bore the loss gets back, and what nobody bore."""

    parts_minor: tuple[int, ...]
    surplus_minor: int


def share_recovery(amount_minor: int, unrecovered_minor: Sequence[int]) -> Recovery:
    """Give a recovery back in proportion to what each still bears, never more than that."""
    shared = min(amount_minor, sum(unrecovered_minor))
    parts = split(shared, unrecovered_minor) if shared else [0] * len(unrecovered_minor)
    return Recovery(tuple(parts), amount_minor - shared)


def recovery_price_minor(valuation_minor: int, loss_minor: int, budget_minor: int | None) -> int:
    """The most that a recovery organisation pays for a right of a defaulted loan."""
    limits = [valuation_minor // RECOVERY_PRICE_PARTS, loss_minor]
    return max(0, min([*limits, *([] if budget_minor is None else [budget_minor])]))
