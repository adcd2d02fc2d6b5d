"""The personal data of valuation: what persons ordered, paid for and had to do with.

Models and ratings tell of patents and formulas. Institutions are organisations; where one is a
person's own, that person is shown what it was asked for and what it wrote.
"""

from typing import Final

from sqlalchemy import exists, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.personal_data.registry import (
    OWN,
    Holder,
    Obligation,
    PersonalData,
    Section,
    events_about,
)
from marketplace.valuation.assignments.lifecycle import LIVE
from marketplace.valuation.assignments.models import ValuationAssignment, ValuationDecision
from marketplace.valuation.institutions.models import (
    InstitutionInterest,
    InstitutionProfile,
    InstitutionStanding,
)
from marketplace.valuation.orders.lifecycle import VALUATION_ORDER
from marketplace.valuation.orders.models import (
    ValuationOrder,
    ValuationParty,
    ValuationPayer,
)
from marketplace.valuation.reports.models import ValuationReport
from marketplace.valuation.surveys.models import QualityReview
from marketplace.valuation.validity.models import ValidityOpinion, ValiditySurvey

RUNNING: Final = frozenset(VALUATION_ORDER.states) - VALUATION_ORDER.terminal()
_ORDERED: Final = f"client_organisation_id = {OWN}"
_ORDERS: Final = f"SELECT id FROM valuation_order WHERE {_ORDERED}"
_ASSIGNED: Final = f"institution_id = {OWN}"
_ASSIGNMENTS: Final = f"SELECT id FROM valuation_assignment WHERE {_ASSIGNED}"
_UNTOLD: Final = "of other institutions, or what a valuer may not know of an order"
_OF_ORDER: Final = ("policy_id", "seek_at", "spread_basis_points", "wanted")
_OF_ASSIGNMENT: Final = ("slot", "decision_id")
_OF_DECISION: Final = ("facts", "candidates", "judgements", "seed", "slot", "policy_id")
_OF_REVIEW: Final = ("survey_id", "report_id", "reason", "population", "sample")
_CONCERNED: Final = f"institution_id = {OWN} OR client_id = {OWN} OR requested_by = {OWN}"


def _all_but(model: type, left_out: tuple[str, ...]) -> tuple[str, ...]:
    names: dict[str, object] = model.model_fields  # type: ignore[attr-defined] # of any table
    return tuple(name for name in names if name not in left_out)


def _own(name: str, model: type, where: str, *left_out: str) -> Section:
    return Section(name, model, _all_but(model, left_out), where, dict.fromkeys(left_out, _UNTOLD))


async def _running(session: AsyncSession, holder: Holder) -> list[Obligation]:
    """Orders that a person would leave behind, and cases that somebody waits for."""
    theirs = holder.answerable_ids
    works = exists().where(
        col(ValuationAssignment.order_id) == col(ValuationOrder.id),
        col(ValuationAssignment.institution_id).in_(theirs),
        col(ValuationAssignment.state).in_(LIVE),
    )
    query = (
        select(ValuationOrder)
        .where(or_(col(ValuationOrder.client_organisation_id).in_(theirs), works))
        .where(col(ValuationOrder.state).in_(RUNNING))
        .order_by(col(ValuationOrder.id))
        .limit(100)
    )
    return [
        Obligation("valuation_running", order.subject, "a valuation runs: let it end first")
        for order in (await session.execute(query)).scalars()
    ]


PERSONAL_DATA: Final = PersonalData(
    sections=(
        _own("valuation_orders", ValuationOrder, _ORDERED, *_OF_ORDER),
        _own("valuation_parties", ValuationParty, f"organisation_id = {OWN}"),
        _own("valuation_payers", ValuationPayer, f"organisation_id = {OWN}"),
        _own("valuation_cases", ValuationAssignment, _ASSIGNED, *_OF_ASSIGNMENT),
        _own("valuation_draws", ValuationDecision, _ASSIGNED, *_OF_DECISION),
        _own("valuation_reports", ValuationReport, _ASSIGNED),
        _own("institution_profile", InstitutionProfile, f"organisation_id = {OWN}"),
        _own("institution_interests", InstitutionInterest, _ASSIGNED),
        _own("institution_standings", InstitutionStanding, _ASSIGNED),
        _own("quality_reviews", QualityReview, f"reviewer_id = {OWN}", *_OF_REVIEW),
        _own("validity_surveys", ValiditySurvey, _CONCERNED),
        _own("validity_opinions", ValidityOpinion, f"organisation_id = {OWN}"),
        events_about("valuation_order_events", "valuation_order", _ORDERS),
        events_about("valuation_case_events", "valuation_assignment", _ASSIGNMENTS),
    ),
    impersonal={
        "valuation_model": "published formulas, tables and weights",
        "valuation_model_use": "what they are allowed for",
        "valuation_model_withdrawal": "when they ended",
        "rating_run": "a corpus of published patents, and what it was rated with",
        "rating": "grades of published patents; who owns them is not in it",
        "assignment_policy": "hours and limits of a purpose",
        "valuation_order_right": "which right an order is about",
        "sample_survey": "how many reports of a period were looked at",
        "realised_price": "what a right was sold for; who sold it is told by the deal",
    },
    kept={
        "valuation_report.jws": "appraisers sign with their names: evidence of their client",
        "valuation_order.objection": "what a client told the operator about a delivery",
        "valuation_assignment.reason": "why a case was declined or paused",
        "institution_interest.note": "what kept an institution from a case: evidence of others",
        "quality_review.remarks": "what a reviewer found of a report, for the operator",
        "validity_survey.ground": "a hearing between several: evidence of all of them",
        "validity_opinion.opinion": "what was said in it",
        "institution_standing.decided_by": "who decided, by a random number",
    },
    obligations=_running,
)
