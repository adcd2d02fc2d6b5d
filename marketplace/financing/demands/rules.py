"""Who may offer what for a demand, and why an offer does not fit it. Pure."""

from typing import Final

from marketplace.accounts.models import OrganisationKind
from marketplace.financing.demands.terms import (
    EquityOffered,
    EquityWanted,
    GuaranteeLoanWanted,
    GuaranteeOffered,
    LicenceBackOffered,
    LicenceBackWanted,
    Offered,
    Product,
    SecuritisationOffered,
    SecuritisationWanted,
    Wanted,
)

K = OrganisationKind
OFFERERS: Final = {
    Product.GUARANTEE_LOAN: frozenset({K.GUARANTOR}),
    Product.EQUITY: frozenset({K.COMPANY, K.LENDER, K.INSURER, K.PUBLIC_BODY, K.UNIVERSITY}),
    Product.SALE_AND_LICENCE_BACK: frozenset({K.COMPANY, K.LENDER, K.PUBLIC_BODY}),
    Product.SECURITISATION: frozenset({K.LENDER, K.INSURER, K.PUBLIC_BODY}),
}
"""Who is shown a demand while it is open, and may answer it."""


def misfits(
    wanted: Wanted, asked_minor: int, offered: Offered, amount_minor: int
) -> tuple[str, ...]:
    """Why an offer does not answer a demand, as stable codes; none, and it does."""
    match wanted, offered:
        case GuaranteeLoanWanted(), GuaranteeOffered():
            too_little = offered.guaranteed_basis_points < wanted.guaranteed_basis_points
            found = {"guarantee_too_low": too_little, "amount": amount_minor != asked_minor}
        case EquityWanted(), EquityOffered():
            too_large = offered.stake_basis_points > wanted.stake_max_basis_points
            found = {"stake_too_large": too_large, "amount": amount_minor > asked_minor}
        case LicenceBackWanted(), LicenceBackOffered():
            given = offered.repurchase_price_minor is not None
            found = {"repurchase": given != (wanted.repurchase_months is not None)}
        case SecuritisationWanted(), SecuritisationOffered():
            found = {
                "coupons": not _keep_within(wanted, offered),
                "amount": amount_minor != asked_minor,
            }
        case _:
            found = {"product": True}
    return tuple(code for code, speaks_against in found.items() if speaks_against)


def _keep_within(wanted: SecuritisationWanted, offered: SecuritisationOffered) -> bool:
    limits = [one.coupon_max_basis_points for one in wanted.tranches]
    coupons = offered.coupons_basis_points
    return len(coupons) == len(limits) and all(
        coupon <= most for coupon, most in zip(coupons, limits, strict=True)
    )
