"""The personal data of licences, royalties, bundles and pools."""

from typing import Final

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col, select

from marketplace.accounts.personal_data.registry import (
    OWN,
    Holder,
    Obligation,
    PersonalData,
    Section,
    events_about,
)
from marketplace.deals.audits.models import RoyaltyAudit
from marketplace.deals.bundles.models import DealItem
from marketplace.deals.licences.models import Licence, LicenceRight
from marketplace.deals.pools.models import Pool, PoolMember, PoolRight
from marketplace.deals.royalties.lifecycle import OPEN
from marketplace.deals.royalties.models import (
    RoyaltyCharge,
    RoyaltyFiling,
    RoyaltyLine,
    RoyaltyPayment,
    RoyaltyReport,
)
from marketplace.listings.bundles.models import ListingItem
from marketplace.listings.licensing.models import LicenceOffer

_SIDES: Final = f"licensor_organisation_id = {OWN} OR licensee_organisation_id = {OWN}"
_LICENCES: Final = f"SELECT id FROM licence WHERE {_SIDES}"
_UNDER: Final = f"licence_id IN ({_LICENCES})"
_REPORTS: Final = f"SELECT id FROM royalty_report WHERE {_UNDER}"
_FILINGS: Final = f"SELECT id FROM royalty_filing WHERE report_id IN ({_REPORTS})"
_DEALS: Final = (
    f"SELECT id FROM deal WHERE buyer_organisation_id = {OWN} OR seller_organisation_id = {OWN}"
)
_LISTINGS: Final = f"SELECT id FROM listing WHERE organisation_id = {OWN}"
_POOLS: Final = (
    f"SELECT id FROM pool WHERE administrator_organisation_id = {OWN}"
    f" OR id IN (SELECT pool_id FROM pool_member WHERE organisation_id = {OWN})"
)
_EVIDENCE: Final = "what one side of a licence told the other: evidence of both"


def _all(name: str, model: type[SQLModel], where: str) -> Section:
    return Section(name, model, tuple(model.model_fields), where)


async def _owed(session: AsyncSession, holder: Holder) -> list[Obligation]:
    theirs = holder.answerable_ids
    query = (
        select(RoyaltyPayment)
        .join(Licence, col(Licence.id) == col(RoyaltyPayment.licence_id))
        .where(
            or_(
                col(Licence.licensor_organisation_id).in_(theirs),
                col(Licence.licensee_organisation_id).in_(theirs),
            )
        )
        .where(col(RoyaltyPayment.state).in_(OPEN))
        .order_by(col(RoyaltyPayment.id))
        .limit(100)
    )
    return [
        Obligation("royalty_open", payment.subject, "a royalty is asked for: settle it first")
        for payment in (await session.execute(query)).scalars()
    ]


PERSONAL_DATA: Final = PersonalData(
    sections=(
        _all("licences", Licence, _SIDES),
        _all("licence_rights", LicenceRight, _UNDER),
        _all("licence_offers", LicenceOffer, f"listing_id IN ({_LISTINGS})"),
        _all("listing_items", ListingItem, f"listing_id IN ({_LISTINGS})"),
        _all("deal_items", DealItem, f"deal_id IN ({_DEALS})"),
        _all("royalty_reports", RoyaltyReport, _UNDER),
        _all("royalty_filings", RoyaltyFiling, f"report_id IN ({_REPORTS})"),
        _all("royalty_lines", RoyaltyLine, f"filing_id IN ({_FILINGS})"),
        _all("royalty_charges", RoyaltyCharge, _UNDER),
        _all("royalty_payments", RoyaltyPayment, _UNDER),
        _all("royalty_audits", RoyaltyAudit, _UNDER),
        _all("pools", Pool, f"id IN ({_POOLS})"),
        _all("pool_members", PoolMember, f"pool_id IN ({_POOLS})"),
        _all("pool_rights", PoolRight, f"pool_id IN ({_POOLS})"),
        events_about("licence_events", "licence", _LICENCES),
        events_about("royalty_report_events", "royalty_report", _REPORTS),
    ),
    impersonal={
        "licence_rule": "what the law says of licences",
        "late_interest_rate": "the platform's table",
        "royalty_check_policy": "the platform's table",
    },
    kept={
        "licence.terms": _EVIDENCE,
        "licence.notice_reason": _EVIDENCE,
        "licence_offer.terms": "published terms, which licences were taken on",
        "royalty_report.dispute_reason": _EVIDENCE,
        "royalty_filing.reason": _EVIDENCE,
        "royalty_audit.statement": _EVIDENCE,
        "royalty_audit.findings": _EVIDENCE,
        "royalty_audit.answer": _EVIDENCE,
        "pool.name": "what the other members agreed to",
    },
    obligations=_owed,
)
