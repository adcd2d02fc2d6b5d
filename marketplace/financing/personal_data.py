"""The personal data of financing: what persons asked for, lent, pledged, bore and still owe."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from marketplace.accounts.personal_data.registry import (
    OWN,
    Holder,
    Obligation,
    PersonalData,
    Section,
    events_about,
)
from marketplace.financing.covenants.models import CovenantBreach
from marketplace.financing.loans.models import (
    Loan,
    LoanInstalment,
    LoanParticipant,
    LoanPledge,
    LoanRepayment,
    LoanSchedule,
)
from marketplace.financing.offers.models import LoanOffer
from marketplace.financing.products.models import LenderProduct
from marketplace.financing.recovery.models import (
    CollateralAuction,
    Enforcement,
    LoanRecovery,
    LossShare,
)
from marketplace.financing.requests.models import (
    FinancingCollateral,
    FinancingPledgor,
    FinancingRequest,
)
from marketplace.financing.schemes.models import CompensationFund, FundTopUp
from marketplace.financing.valuations.models import FinancingValuation
from marketplace.kernel.db import fetch

_LOANS: Final = (
    f"SELECT id FROM loan WHERE borrower_organisation_id = {OWN} OR lender_organisation_id = {OWN}"
)
_REQUESTS: Final = f"SELECT id FROM financing_request WHERE borrower_organisation_id = {OWN}"
_FUNDS: Final = f"SELECT id FROM compensation_fund WHERE organisation_id = {OWN}"
_OPEN: Final = text(
    """
    SELECT 'loan_open' AS code, 'loan:' || l.id AS subject,
        'this loan is ' || l.state || ': have it repaid and released first' AS detail
    FROM loan l WHERE l.state NOT IN ('cancelled', 'released', 'written_off')
        AND (l.borrower_organisation_id = ANY (:ids) OR l.lender_organisation_id = ANY (:ids)
            OR EXISTS (SELECT FROM loan_pledge p WHERE p.loan_id = l.id
                AND p.pledgor_organisation_id = ANY (:ids)))
    UNION ALL
    SELECT 'financing_request_open', 'financing_request:' || r.id, 'withdraw this request first'
    FROM financing_request r WHERE r.borrower_organisation_id = ANY (:ids)
        AND r.state NOT IN ('financed', 'withdrawn', 'expired')
    ORDER BY code, subject
    """
)
_FORGET: Final = text(
    f"UPDATE financing_request SET purpose = '-' WHERE borrower_organisation_id = {OWN}"
)


async def _obligations(session: AsyncSession, holder: Holder) -> list[Obligation]:
    rows = await fetch(session, _OPEN, ids=holder.answerable_ids)
    return [Obligation(row.code, row.subject, row.detail) for row in rows]


async def _erase(session: AsyncSession, holder: Holder) -> None:
    await session.execute(_FORGET, holder.values)


def _of(name: str, model: type[SQLModel], where: str) -> Section:
    return Section(name, model, tuple(model.model_fields), where)


PERSONAL_DATA: Final = PersonalData(
    sections=(
        _of("lender_products", LenderProduct, f"lender_organisation_id = {OWN}"),
        _of(
            "financing_requests",
            FinancingRequest,
            f"borrower_organisation_id = {OWN}",
        ),
        _of("financing_pledgors", FinancingPledgor, f"organisation_id = {OWN}"),
        _of("financing_collateral", FinancingCollateral, f"pledgor_organisation_id = {OWN}"),
        _of("financing_valuations", FinancingValuation, f"request_id IN ({_REQUESTS})"),
        _of(
            "loan_offers",
            LoanOffer,
            f"lender_organisation_id = {OWN} OR request_id IN ({_REQUESTS})",
        ),
        _of("loans", Loan, f"id IN ({_LOANS})"),
        _of("loan_pledges", LoanPledge, f"pledgor_organisation_id = {OWN}"),
        _of("loan_participants", LoanParticipant, f"organisation_id = {OWN}"),
        _of("loan_instalments", LoanInstalment, f"loan_id IN ({_LOANS})"),
        _of("loan_schedules", LoanSchedule, f"loan_id IN ({_LOANS})"),
        _of(
            "loan_repayments",
            LoanRepayment,
            f"payer_organisation_id = {OWN} OR loan_id IN ({_LOANS})",
        ),
        _of("covenant_breaches", CovenantBreach, f"loan_id IN ({_LOANS})"),
        _of(
            "enforcements",
            Enforcement,
            f"payer_organisation_id = {OWN} OR loan_id IN ({_LOANS})",
        ),
        _of("collateral_auctions", CollateralAuction, f"loan_id IN ({_LOANS})"),
        _of("loss_shares", LossShare, f"organisation_id = {OWN}"),
        _of("loan_recoveries", LoanRecovery, f"payer_organisation_id = {OWN}"),
        _of("compensation_funds", CompensationFund, f"organisation_id = {OWN}"),
        _of("fund_top_ups", FundTopUp, f"fund_id IN ({_FUNDS})"),
        events_about("loan_events", "loan", _LOANS),
        events_about("financing_request_events", "financing_request", _REQUESTS),
    ),
    impersonal={
        "reference_rate": "published base rates",
        "risk_sharing_scheme": "published programmes of sharing losses",
        "risk_share": "the shares of such programmes",
    },
    obligations=_obligations,
    erase=_erase,
)
