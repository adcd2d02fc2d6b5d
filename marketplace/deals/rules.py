"""How held money is divided: between the sides, with the platform, the state, and among payees.

Every amount is in minor units, and what goes out is exactly what was held.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from math import lcm
from typing import Final, Protocol
from uuid import UUID

from marketplace.deals.claims.rules import Claim, Payment, payments
from marketplace.deals.models import Deal
from marketplace.kernel.money import BASIS_POINTS, share_of, split
from marketplace.payments.funding.distribution import Outflow, distribution
from marketplace.payments.ledger import addresses
from marketplace.payments.ledger.service import Booking
from marketplace.payments.taxes.models import TaxRate
from marketplace.payments.taxes.rules import Assessment, assess


@dataclass(frozen=True, slots=True)
class Held:
    """Money held for a deal or a part of it: a price, and the VAT on top of it."""

    subject: str
    amount_minor: int
    vat_minor: int

    @property
    def total_minor(self) -> int:
        return self.amount_minor + self.vat_minor


@dataclass(frozen=True, slots=True)
class Payee:
    """Who gets a share of the price; with a rate, tax is kept back from it."""

    organisation_id: UUID
    share: int = 1
    rate: TaxRate | None = None


@dataclass(frozen=True, slots=True)
class Income:
    """One payee's share of a release, and what is paid of it after deductions.

    What the payee bears of secured claims is still in it, and goes on by a movement of its own.
    """

    payee: Payee
    paid_minor: int
    tax: Assessment


@dataclass(frozen=True, slots=True)
class Broker:
    """Who gets which exact part of a released price for having brought the sides together."""

    organisation_id: UUID
    rate: Fraction

    @classmethod
    def of(cls, organisation_id: UUID, ppm: int, numerator: int, denominator: int) -> "Broker":
        """A share of what a mandate promises, in parts per million."""
        return cls(organisation_id, Fraction(ppm * numerator, 1_000_000 * denominator))


@dataclass(frozen=True, slots=True)
class Cut:
    """What one broker gets out of a release."""

    organisation_id: UUID
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Brokerage:
    """All brokers of a deal, and what they got out of earlier releases."""

    brokers: Sequence[Broker] = ()
    charged_minor: int = 0

    def due(self, released_minor: int) -> int:
        """What all of them get out of everything released, less what they got."""
        rate = sum((broker.rate for broker in self.brokers), Fraction())
        return released_minor * rate.numerator // rate.denominator - self.charged_minor

    def divided(self, amount_minor: int) -> list[int]:
        """The part of each, by largest remainder."""
        if not self.brokers:
            return []
        denominator = lcm(*(broker.rate.denominator for broker in self.brokers))
        return split(amount_minor, [int(broker.rate * denominator) for broker in self.brokers])


NO_BROKERS: Final = Brokerage()


@dataclass(frozen=True, slots=True)
class Deductions:
    """What comes out of a release beside commission and taxes: claims first, brokers last."""

    claims: Sequence[Claim] = ()
    brokerage: Brokerage = NO_BROKERS


NO_DEDUCTIONS: Final = Deductions()


@dataclass(frozen=True, slots=True)
class Sums:
    """How much of a deal's price went where; these are columns of the deal."""

    released_minor: int = 0
    refunded_minor: int = 0
    commission_minor: int = 0
    commission_vat_minor: int = 0
    withheld_minor: int = 0
    released_vat_minor: int = 0
    brokerage_minor: int = 0

    @classmethod
    def of(cls, deal: Deal) -> "Sums":
        return cls(*(getattr(deal, name) for name in COLUMNS))

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(getattr(self, name) + getattr(other, name) for name in COLUMNS))

    def values(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in COLUMNS}

    def apply_to(self, deal: Deal) -> None:
        for name, minor in self.values().items():
            setattr(deal, name, minor)


COLUMNS: Final = tuple(field.name for field in fields(Sums))


class Shared(Protocol):
    """Whose money is divided and by which rates: a deal, or a royalty under one."""

    @property
    def subject(self) -> str: ...
    @property
    def seller_organisation_id(self) -> UUID: ...
    @property
    def buyer_organisation_id(self) -> UUID: ...
    @property
    def currency(self) -> str: ...
    @property
    def commission_basis_points(self) -> int: ...
    @property
    def commission_vat_basis_points(self) -> int: ...
    @property
    def commission_vat_country(self) -> str | None: ...
    @property
    def released_minor(self) -> int: ...
    @property
    def commission_minor(self) -> int: ...
    @property
    def commission_vat_minor(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Division:
    """What is held, divided."""

    deal: Shared
    held: Held
    sums: Sums
    incomes: Sequence[Income]
    cuts: Sequence[Cut] = ()
    claimed: Sequence[Payment] = ()

    def booking(self) -> Booking:
        to_seller, to_buyer = self.sums.released_minor, self.sums.refunded_minor
        return distribution(
            held_for=self.held.subject,
            subject=self.deal.subject,
            currency=self.deal.currency,
            kind="release" if not to_buyer else "split" if to_seller else "refund",
            outflows=self._outflows(),
        )

    def _outflows(self) -> list[Outflow]:
        deal, sums, subject = self.deal, self.sums, self.deal.subject
        back = sums.refunded_minor + self.held.vat_minor - sums.released_vat_minor
        paid = [
            (addresses.payable(income.payee.organisation_id), income.paid_minor)
            for income in self.incomes
        ]
        return [
            *paid,
            (addresses.payable(deal.seller_organisation_id), sums.released_vat_minor),
            *((addresses.payable(cut.organisation_id), cut.amount_minor) for cut in self.cuts),
            (addresses.commission(subject), sums.commission_minor),
            *self._taxes(),
            (addresses.payable(deal.buyer_organisation_id), back),
        ]

    def _taxes(self) -> Iterator[Outflow]:
        subject = self.deal.subject
        if self.deal.commission_vat_country:
            address = addresses.vat(self.deal.commission_vat_country, subject)
            yield address, self.sums.commission_vat_minor
        for income in self.incomes:
            if income.payee.rate:
                address = addresses.withholding(income.payee.rate.jurisdiction, subject)
                yield address, income.tax.total_minor


def divide(
    deal: Shared,
    held: Held,
    to_seller_minor: int,
    payees: Sequence[Payee] = (),
    deductions: Deductions = NO_DEDUCTIONS,
) -> Division:
    """Release a part of a held price, and give the rest back with the VAT on it.

    Without payees, the seller gets everything.

    Commission, its VAT and what brokers get are worked out on everything released so far, less what
    was charged, so that the parts of a price bear together what the whole would. Secured claims
    come first: a deduction is never more than what they leave of the release
    (docs/decisions/0083).
    """
    payees = payees or (Payee(deal.seller_organisation_id),)
    gross = split(to_seller_minor, [payee.share for payee in payees])
    brokerage = deductions.brokerage
    claimed = list(payments(deductions.claims, [payee.organisation_id for payee in payees], gross))
    free = _left_by(claimed, gross)
    wanted = share_of(deal.released_minor + to_seller_minor, deal.commission_basis_points)
    commission = min(wanted - deal.commission_minor, sum(free))
    charged = deal.commission_minor + commission
    wanted_vat = charged * deal.commission_vat_basis_points // BASIS_POINTS
    commission_vat = min(wanted_vat - deal.commission_vat_minor, sum(free) - commission)
    charges = commission + commission_vat
    wanted_brokerage = brokerage.due(deal.released_minor + to_seller_minor)
    brokerage_minor = min(wanted_brokerage, sum(free) - charges)
    fees = _fees(payees, gross, free, charges + brokerage_minor)
    incomes = [
        _income(payee, gross_minor, gross_minor - fee_minor, free_minor - fee_minor, deal.currency)
        for payee, gross_minor, fee_minor, free_minor in zip(payees, gross, fees, free, strict=True)
    ]
    sums = Sums(
        released_minor=to_seller_minor,
        refunded_minor=held.amount_minor - to_seller_minor,
        commission_minor=commission,
        commission_vat_minor=commission_vat,
        withheld_minor=sum(income.tax.total_minor for income in incomes),
        released_vat_minor=proportion(held.vat_minor, to_seller_minor, held.amount_minor),
        brokerage_minor=brokerage_minor,
    )
    parts = zip(brokerage.brokers, brokerage.divided(brokerage_minor), strict=True)
    cuts = [Cut(broker.organisation_id, minor) for broker, minor in parts]
    return Division(deal, held, sums, incomes, cuts, claimed)


def proportion(amount_minor: int, part_minor: int, whole_minor: int) -> int:
    """The part of an amount that goes with a part of a whole; all of it with the whole."""
    if not amount_minor or not part_minor:
        return 0
    return split(amount_minor, [part_minor, whole_minor - part_minor])[0]


def _left_by(claimed: Iterable[Payment], gross: Sequence[int]) -> list[int]:
    """What secured claims leave each payee."""
    left = list(gross)
    for payment in claimed:
        left = [before - minor for before, (_, minor) in zip(left, payment.borne, strict=True)]
    return left


def _fees(
    payees: Sequence[Payee], gross: Sequence[int], free: Sequence[int], fee_minor: int
) -> list[int]:
    """What each payee bears of the commission: by shares, unless claims leave somebody too little.

    Invoices work it out in the same way.
    """
    net = split(sum(gross) - fee_minor, [payee.share for payee in payees])
    fees = [before - after for before, after in zip(gross, net, strict=True)]
    if all(fee <= left for fee, left in zip(fees, free, strict=True)):
        return fees
    return split(fee_minor, free)


def _income(
    payee: Payee, gross_minor: int, net_minor: int, free_minor: int, currency: str
) -> Income:
    """Tax is kept back from the whole share: the commission is an expense of the payee.

    It is never more than what claims and commission leave.
    """
    tax = Assessment(gross_minor, 0, 0)
    if payee.rate:
        tax = assess(payee.rate, gross_minor, currency)
    if tax.total_minor > free_minor:
        main = min(tax.tax_minor, free_minor)
        tax = Assessment(gross_minor, main, free_minor - main)
    return Income(payee, net_minor - tax.total_minor, tax)
