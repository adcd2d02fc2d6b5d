"""What is owed of a loan on a day, and how a payment is used. Pure but for the rows it writes on.

The order is costs, contract interest, late interest, principal, each of the oldest instalment
first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from marketplace.financing.loans.models import LoanInstalment
from marketplace.financing.loans.rules import late_interest_minor
from marketplace.financing.loans.schedules import Pricing, rounded
from marketplace.financing.recovery.rules import Debt, pay


def late_now(row: LoanInstalment, rate_basis_points: int, on: date) -> int:
    """Late interest of an instalment that is not paid, up to a day."""
    since = row.late_from or row.due_on
    days = max(0, (on - since).days)
    fixed = row.late_fixed_minor - row.late_paid_minor
    return fixed + late_interest_minor(row.unpaid_minor, rate_basis_points, days)


def is_due(row: LoanInstalment, through: date) -> bool:
    """Whether it counts as due: by its day, or because something of it was paid already."""
    begun = bool(row.principal_paid_minor or row.interest_paid_minor)
    return row.due_on <= through or begun


@dataclass(frozen=True, slots=True)
class Due:
    """The instalments that are due, and the late rate."""

    rows: Sequence[LoanInstalment]
    late_rate_basis_points: int

    @classmethod
    def of(
        cls, rows: Sequence[LoanInstalment], late_rate_basis_points: int, through: date
    ) -> "Due":
        return cls([row for row in rows if is_due(row, through)], late_rate_basis_points)

    def debt(self, on: date) -> Debt:
        """All that is due, with late interest up to a day."""
        return Debt(
            interest_minor=sum(row.interest_minor - row.interest_paid_minor for row in self.rows),
            late_interest_minor=sum(
                late_now(row, self.late_rate_basis_points, on) for row in self.rows
            ),
            principal_minor=sum(
                row.principal_minor - row.principal_paid_minor for row in self.rows
            ),
        )

    def take(self, amount_minor: int, on: date) -> Debt:
        """Use a payment for what is due, and write that on the rows; what it paid."""
        paid = pay(amount_minor, self.debt(on))
        self._fix_late(on)
        self._spread(paid.interest_minor, "interest")
        self._spread(paid.late_interest_minor, "late")
        self._spread(paid.principal_minor, "principal")
        return paid

    def take_interest(self, amount_minor: int, on: date) -> Debt:
        """The same for interest alone, where the principal was settled otherwise."""
        debt = self.debt(on)
        paid = pay(amount_minor, replace(debt, principal_minor=0))
        self._fix_late(on)
        self._spread(paid.interest_minor, "interest")
        self._spread(paid.late_interest_minor, "late")
        return paid

    def _fix_late(self, on: date) -> None:
        """Late interest ran on what was unpaid until now."""
        for row in self.rows:
            if on > (row.late_from or row.due_on):
                unfixed = late_now(row, self.late_rate_basis_points, on)
                row.late_fixed_minor = row.late_paid_minor + unfixed
                row.late_from = on

    def _spread(self, amount_minor: int, name: str) -> None:
        left = amount_minor
        owed = "late_fixed_minor" if name == "late" else f"{name}_minor"
        paid = f"{name}_paid_minor"
        for row in self.rows:
            part = min(left, getattr(row, owed) - getattr(row, paid))
            setattr(row, paid, getattr(row, paid) + part)
            left -= part


def running_interest(
    row: LoanInstalment, balance_minor: int, pricing: Pricing, on: date
) -> Fraction:
    """What the running period has earned until a day: its interest without what is to come.

    It bears its own rate to its end, also where the loan's was set anew meanwhile.
    """
    if on <= row.starts_on:
        return Fraction(0)
    rest = pricing_of_row(row, pricing).exact(balance_minor, min(on, row.due_on), row.due_on)
    return max(Fraction(0), row.interest_minor - rest)


def pricing_of_row(row: LoanInstalment, pricing: Pricing) -> Pricing:
    return replace(pricing, rate_basis_points=row.rate_basis_points)


def running_minor(
    rows: Sequence[LoanInstalment], balance_minor: int, pricing: Pricing, on: date
) -> int:
    """The same of whichever row is running, in minor units."""
    running = [row for row in rows if row.starts_on <= on < row.due_on]
    return rounded(running_interest(running[0], balance_minor, pricing, on)) if running else 0
