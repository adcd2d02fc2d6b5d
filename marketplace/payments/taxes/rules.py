"""What a table row makes of an amount. Fractions of a minor unit are never charged."""

from dataclasses import dataclass
from typing import Final, Protocol

from marketplace.kernel.errors import UnprocessableError
from marketplace.kernel.money import AMOUNT_MINOR_MAX, BASIS_POINTS

_SCALE: Final = BASIS_POINTS**3


class NoGrossError(UnprocessableError):
    code = "no_gross_amount"
    title = "At this rate no gross amount leaves this much"


class Rate(Protocol):
    """The row of a table, as `payments.taxes.models.TaxRate`."""

    taxable_basis_points: int
    rate_basis_points: int
    surtax_basis_points: int
    allowance_minor: int
    exempt_up_to_minor: int
    currency: str | None


@dataclass(frozen=True, slots=True)
class Assessment:
    """A tax in minor units; `net_minor` and the taxes are always the gross amount."""

    gross_minor: int
    tax_minor: int
    surtax_minor: int

    @property
    def total_minor(self) -> int:
        return self.tax_minor + self.surtax_minor

    @property
    def net_minor(self) -> int:
        return self.gross_minor - self.total_minor


def assess(rate: Rate, gross_minor: int, currency: str) -> Assessment:
    """The tax on a gross amount, rounded down to the minor unit.

    An allowance and an exemption hold in the currency of the table only: amounts of two currencies
    are never compared.
    """
    own = rate.currency == currency
    base = max(gross_minor - (rate.allowance_minor if own else 0), 0)
    taxable = base * rate.taxable_basis_points  # in ten-thousandths, so that nothing is rounded yet
    if own and taxable <= rate.exempt_up_to_minor * BASIS_POINTS:
        return Assessment(gross_minor, 0, 0)
    tax = taxable * rate.rate_basis_points // BASIS_POINTS**2
    return Assessment(gross_minor, tax, tax * rate.surtax_basis_points // BASIS_POINTS)


def gross_up(rate: Rate, net_minor: int, currency: str) -> Assessment:
    """The smallest gross amount that leaves a net one, when the payer bears the tax.

    Raises:
        NoGrossError: the tax takes everything, or the amount would be too large.
    """
    untaxed = assess(rate, net_minor, currency)
    if not untaxed.total_minor:
        return untaxed
    taken = rate.taxable_basis_points * rate.rate_basis_points
    taken *= BASIS_POINTS + rate.surtax_basis_points
    if taken >= _SCALE:
        raise NoGrossError
    allowed = rate.allowance_minor if rate.currency == currency else 0
    estimate = (net_minor * _SCALE - allowed * taken) // (_SCALE - taken)
    first = max(net_minor, estimate - 2)
    for gross in range(first, min(first + BASIS_POINTS, AMOUNT_MINOR_MAX + 1)):
        found = assess(rate, gross, currency)
        if found.net_minor >= net_minor:
            return found
    raise NoGrossError
