"""Which taxes a deal bears: frozen into its text, or looked up on the day of payment.

VAT belongs to the price that both sides sign, so its rate is that of the day on which the text is
drawn up. Withholding is computed from the table in force on the day of payment.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.organisations.queries import get_organisation
from marketplace.deals.models import Deal
from marketplace.deals.payees.queries import payees_of
from marketplace.deals.rules import Division, Payee
from marketplace.kernel.db import now
from marketplace.payments.fees.models import FeePolicy
from marketplace.payments.taxes.models import (
    IncomeKind,
    TaxKind,
    TaxProfile,
    TaxRate,
    Withholding,
)
from marketplace.payments.taxes.rules import assess
from marketplace.payments.taxes.service import Taxed, profile_of, profiles_of, rate_at, vat_at


async def freeze_taxes(session: AsyncSession, deal: Deal) -> None:
    """Work out what the text says of taxes, by the tables and declarations of this moment."""
    await _freeze_vat(session, deal)
    await _freeze_commission_vat(session, deal)
    deal.withholds = any(payee.rate for payee in await _payees(session, deal))


async def _freeze_vat(session: AsyncSession, deal: Deal) -> None:
    """VAT on the price, of a seller who is registered for it, in the buyer's own country.

    What is supplied abroad is not taxed where the seller is.
    """
    profile = await profile_of(session, deal.seller_organisation_id)
    rate = None
    if profile and profile.vat_number:
        buyer = await get_organisation(session, deal.buyer_organisation_id)
        if buyer.country == profile.residence:
            moment = now(session)
            rate = await vat_at(session, profile.residence, IncomeKind.IP_TRANSFER, moment)
    deal.vat_rate_id = rate.id if rate else None
    deal.vat_minor = assess(rate, deal.price_minor, deal.currency).tax_minor if rate else 0


async def _freeze_commission_vat(session: AsyncSession, deal: Deal) -> None:
    """VAT on the platform's service to the seller, who is in the platform's own country."""
    policy = await session.get_one(FeePolicy, deal.fee_policy_id)
    seller = await get_organisation(session, deal.seller_organisation_id)
    rate = None
    if policy.vat_country and policy.vat_country == seller.country:
        rate = await vat_at(session, policy.vat_country, IncomeKind.COMMISSION, now(session))
    deal.commission_vat_rate_id = rate.id if rate else None
    deal.commission_vat_country = rate.jurisdiction if rate else None
    deal.commission_vat_basis_points = rate.rate_basis_points if rate else 0


async def payees_at(session: AsyncSession, deal: Deal) -> Sequence[Payee]:
    """Who is paid, each with the rate at which tax is kept back today."""
    if not deal.withholds:
        return await _named(session, deal)
    return await _payees(session, deal)


async def _payees(session: AsyncSession, deal: Deal) -> Sequence[Payee]:
    named = await _named(session, deal)
    profiles = await profiles_of(session, [payee.organisation_id for payee in named])
    if not profiles:
        return named
    source = (await get_organisation(session, deal.buyer_organisation_id)).country
    rates = {
        (profile.party, profile.residence): await _rate(session, source, profile)
        for profile in profiles.values()
    }
    return [
        Payee(payee.organisation_id, payee.share, rates[profile.party, profile.residence])
        if (profile := profiles.get(payee.organisation_id))
        else payee
        for payee in named
    ]


async def _named(session: AsyncSession, deal: Deal) -> Sequence[Payee]:
    named = await payees_of(session, deal)
    if not named:
        return (Payee(deal.seller_organisation_id),)
    return [Payee(payee.organisation_id, payee.numerator) for payee in named]


async def _rate(session: AsyncSession, source: str, profile: TaxProfile) -> TaxRate | None:
    """The source of the income is where the buyer is; a treaty is a row for that residence."""
    income = IncomeKind.IP_TRANSFER
    taxed = Taxed(source, TaxKind.WITHHOLDING, profile.party, income, profile.residence)
    rate = await rate_at(session, taxed, now(session))
    return rate if rate and rate.rate_basis_points else None


def keep_record(session: AsyncSession, division: Division) -> None:
    """Write down what was kept back, from whom and by which row, for their certificates."""
    deal = division.deal
    session.add_all(
        Withholding(
            created_at=now(session),
            subject=deal.subject,
            held_for=division.held.subject,
            organisation_id=income.payee.organisation_id,
            tax_rate_id=income.payee.rate.id,
            gross_minor=income.tax.gross_minor,
            tax_minor=income.tax.tax_minor,
            surtax_minor=income.tax.surtax_minor,
            currency=deal.currency,
        )
        for income in division.incomes
        if income.payee.rate and income.tax.total_minor
    )
