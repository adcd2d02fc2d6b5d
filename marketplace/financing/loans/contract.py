"""The loan and pledge contract: one plain text of the frozen terms, which all parties sign."""

from collections.abc import Sequence

from marketplace.financing.loans.models import Loan, LoanParticipant, LoanPledge
from marketplace.financing.offers.models import LoanOffer
from marketplace.financing.schemes.models import RiskShare
from marketplace.kernel.money import Money


def percent(basis_points: int) -> str:
    return f"{basis_points // 100}.{basis_points % 100:02} %"


def render(
    loan: Loan,
    offer: LoanOffer,
    pledges: Sequence[LoanPledge],
    participants: Sequence[LoanParticipant],
    shares: Sequence[RiskShare],
) -> str:
    """The text. Its version is part of it, so signatures never carry over to another."""
    return "\n".join(
        (
            f"LOAN AND PLEDGE CONTRACT {loan.id}, revision {loan.version}",
            f"Borrower: {loan.borrower_organisation_id}",
            f"Lender: {loan.lender_organisation_id}",
            f"Principal: {Money(loan.principal_minor, loan.currency)}",
            f"Fee kept back: {Money(offer.fee_minor, loan.currency)}",
            f"Interest: {_rate(offer)}, day count {offer.day_count}",
            f"Term: {offer.term_months} months",
            f"Repaid as {offer.schedule} every {offer.months_each} months",
            *(
                f"- instalment {number}: {Money(part, loan.currency)} of the principal"
                for number, part in enumerate(offer.custom_minor, 1)
            ),
            f"Overdue amounts bear {percent(offer.late_margin_basis_points)} more",
            f"The loan may be called after {offer.default_after_days} days of delay",
            f"Prepayment: {percent(offer.prepayment_fee_basis_points)} of it for a whole term left",
            f"Loan to value: at most {percent(offer.ltv_max_basis_points)} while the loan runs",
            f"A breach of a covenant is mended within {offer.cure_days} days",
            "The pledgors keep the rights in force and pay their annuities, and neither assign,",
            "license nor surrender them without the lender's consent.",
            *(f"Covenant: {covenant}" for covenant in offer.covenants),
            f"Pledged, securing up to {Money(offer.secured_minor, loan.currency)} with interest,",
            "late interest and the costs of enforcement; ranking as the register receives them,",
            f"after {Money(offer.prior_claims_minor, loan.currency)} when it was offered:",
            *(f"- right {one.right_id} of {one.pledgor_organisation_id}" for one in pledges),
            *(f"Losses: {one.role} bears {percent(one.basis_points)}" for one in shares),
            *(_taking_part(loan, one) for one in participants),
            *(["Nothing is paid out without a guarantor."] if offer.guarantee_required else []),
            "Nothing is paid out before every pledge is registered.",
        )
    )


def _taking_part(loan: Loan, one: LoanParticipant) -> str:
    told = f"Taking part as {one.role}: {one.organisation_id}"
    if one.cap_minor is None:
        return told
    told = f"{told}, for {Money(one.cap_minor, loan.currency)} at most"
    return f"{told}, for {percent(one.fee_basis_points)} a year" if one.fee_basis_points else told


def _rate(offer: LoanOffer) -> str:
    if offer.base_rate_name is None or offer.spread_basis_points is None:
        return f"{percent(offer.rate_basis_points)} a year, fixed"
    return (
        f"{offer.base_rate_name} and {percent(offer.spread_basis_points)} a year,"
        f" set every {offer.reset_months} months"
    )
