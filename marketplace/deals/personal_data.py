"""The personal data of deals: what persons offered, agreed and argued."""

from typing import Final

from sqlalchemy import or_
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
from marketplace.deals.awards.models import AwardedDeal
from marketplace.deals.co_developments.models import CoDevelopment
from marketplace.deals.lifecycle import DEAL, DealState
from marketplace.deals.models import Deal
from marketplace.deals.negotiations.lifecycle import BUYER, NEGOTIATION, SELLER
from marketplace.deals.negotiations.models import Negotiation, Offer
from marketplace.deals.negotiations.service import LIVE
from marketplace.deals.parts.models import DealPart
from marketplace.deals.payees.models import DealPayee
from marketplace.deals.store.models import StoreSale
from marketplace.kernel.db import lock
from marketplace.kernel.lifecycle import move
from marketplace.payments.ledger.models import LedgerPosting, LedgerTransaction

RUNNING: Final = frozenset(DealState) - DEAL.terminal() - {DealState.SETTLED}
"""Deals in which a side still has something to do; a settled one waits only for its end."""
_SIDES: Final = f"buyer_organisation_id = {OWN} OR seller_organisation_id = {OWN}"
_NEGOTIATIONS: Final = f"SELECT id FROM negotiation WHERE {_SIDES}"
_DEALS: Final = f"SELECT id FROM deal WHERE {_SIDES}"
_BOOKED: Final = (
    f"SELECT 'deal:' || id FROM deal WHERE {_SIDES}"
    f" UNION SELECT 'deal_part:' || id FROM deal_part WHERE deal_id IN ({_DEALS})"
    f" UNION SELECT 'payout:' || id FROM payout WHERE organisation_id = {OWN}"
)
"""What money of theirs was booked for."""
_EVIDENCE: Final = "what one party to a deal told the other: evidence of both"


async def _end_negotiations(session: AsyncSession, holder: Holder) -> None:
    """Take standing offers back, and decline those that wait for an answer."""
    theirs = holder.answerable_ids
    query = (
        select(Negotiation.id)
        .where(
            or_(
                col(Negotiation.buyer_organisation_id).in_(theirs),
                col(Negotiation.seller_organisation_id).in_(theirs),
            )
        )
        .where(col(Negotiation.state).in_(LIVE))
        .order_by(col(Negotiation.id))
    )
    for negotiation_id in (await session.execute(query)).scalars().all():
        negotiation = await lock(session, Negotiation, negotiation_id)
        role = BUYER if negotiation.buyer_organisation_id in theirs else SELLER
        for name in {"withdraw", "decline"} & set(NEGOTIATION.open_to(negotiation.state, role)):
            move(session, negotiation, name, role=role, actor=holder)


async def _running(session: AsyncSession, holder: Holder) -> list[Obligation]:
    theirs = holder.answerable_ids
    query = (
        select(Deal)
        .where(
            or_(
                col(Deal.buyer_organisation_id).in_(theirs),
                col(Deal.seller_organisation_id).in_(theirs),
            )
        )
        .where(col(Deal.state).in_(RUNNING))
        .order_by(col(Deal.id))
        .limit(100)
    )
    return [
        Obligation("deal_running", deal.subject, f"a deal is {deal.state}: finish it first")
        for deal in (await session.execute(query)).scalars()
    ]


PERSONAL_DATA: Final = PersonalData(
    sections=(
        Section(
            "awarded_deals",
            AwardedDeal,
            ("id", "created_at", "award_id", "deal_id"),
            f"deal_id IN (SELECT id FROM deal WHERE {_SIDES})",
        ),
        Section(
            "store_sales",
            StoreSale,
            ("id", "created_at", "entry_id", "application_id", "deal_id"),
            f"deal_id IN ({_DEALS})",
        ),
        Section(
            "co_developments",
            CoDevelopment,
            (
                "id",
                "created_at",
                "version",
                "due_at",
                "award_id",
                "right_id",
                "organiser_organisation_id",
                "share_numerator",
                "share_denominator",
                "team",
                "price_minor",
                "currency",
                "state",
            ),
            f"organiser_organisation_id = {OWN} OR right_id IN"
            f" (SELECT right_id FROM ownership WHERE organisation_id = {OWN})",
        ),
        Section(
            "negotiations",
            Negotiation,
            (
                "id",
                "created_at",
                "version",
                "due_at",
                "listing_id",
                "buyer_organisation_id",
                "seller_organisation_id",
                "rounds",
                "state",
            ),
            _SIDES,
        ),
        Section(
            "offers",
            Offer,
            (
                "id",
                "created_at",
                "negotiation_id",
                "number",
                "by",
                "price_minor",
                "currency",
                "message",
                "valid_until",
                "mandate_id",
            ),
            f"negotiation_id IN ({_NEGOTIATIONS})",
        ),
        Section(
            "deals",
            Deal,
            (
                "id",
                "created_at",
                "version",
                "due_at",
                "negotiation_id",
                "listing_id",
                "right_id",
                "right_kind",
                "type",
                "buyer_organisation_id",
                "seller_organisation_id",
                "price_minor",
                "currency",
                "commission_basis_points",
                "additional_terms",
                "recordal_waived_by_seller",
                "recordal_evidence",
                "dispute_reason",
                "title_passed",
                "released_minor",
                "refunded_minor",
                "returned_minor",
                "commission_minor",
                "vat_minor",
                "released_vat_minor",
                "brokerage_minor",
                "returned_vat_minor",
                "commission_vat_basis_points",
                "commission_vat_country",
                "commission_vat_minor",
                "withholds",
                "fees_shared",
                "withheld_minor",
                "frozen_from",
                "shared",
                "in_parts",
                "pledged",
                "brokered",
                "dual_agency",
                "bundled",
                "co_owned",
                "state",
            ),
            _SIDES,
            dict.fromkeys(
                ("fee_policy_id", "vat_rate_id", "commission_vat_rate_id"),
                "the platform's tables; the rates and amounts themselves are shown",
            ),
        ),
        Section(
            "deal_parts",
            DealPart,
            (
                "id",
                "created_at",
                "version",
                "due_at",
                "deal_id",
                "number",
                "amount_minor",
                "vat_minor",
                "currency",
                "after_days",
                "milestone",
                "before_transfer",
                "released_minor",
                "refunded_minor",
                "state",
            ),
            f"deal_id IN ({_DEALS})",
        ),
        Section(
            "deal_payees",
            DealPayee,
            (
                "id",
                "created_at",
                "deal_id",
                "position",
                "organisation_id",
                "role",
                "numerator",
                "denominator",
            ),
            f"organisation_id = {OWN} OR deal_id IN ({_DEALS})",
        ),
        Section(
            "ledger_transactions",
            LedgerTransaction,
            ("id", "key", "kind", "subject", "currency", "recorded_at"),
            f"subject IN ({_BOOKED})",
        ),
        Section(
            "ledger_postings",
            LedgerPosting,
            ("transaction_id", "position", "source", "destination", "amount_minor"),
            f"transaction_id IN (SELECT id FROM ledger_transaction WHERE subject IN ({_BOOKED}))",
        ),
        events_about("negotiation_events", "negotiation", _NEGOTIATIONS),
        events_about("deal_events", "deal", _DEALS),
    ),
    kept={
        "offer.message": _EVIDENCE,
        "deal.additional_terms": _EVIDENCE,
        "deal_part.milestone": _EVIDENCE,
        "deal.dispute_reason": _EVIDENCE,
        "deal.recordal_evidence": _EVIDENCE,
    },
    take_back=_end_negotiations,
    obligations=_running,
)
