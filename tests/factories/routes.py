"""Every operation of the service, read from the routes themselves, and a body that each accepts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel

from marketplace.accounts.access import current_actor, permissions_of
from marketplace.accounts.permissions import ROLE_PERMISSIONS, MemberRole, Permission
from marketplace.deals.auctions.schemas import (
    AuctionRecord,
    AuctionTerms,
    BidPlace,
    BidReveal,
    BidSeal,
)
from marketplace.deals.audits.schemas import AuditAnswer, AuditClaim, AuditDecision
from marketplace.deals.brokers.schemas import BrokersName
from marketplace.deals.licences.schemas import (
    BreachNotice,
    LicenceTermsSet,
    OpenLicenceTake,
    SublicenceOffer,
)
from marketplace.deals.mandates.schemas import MandateOffer
from marketplace.deals.negotiations.schemas import OfferMake
from marketplace.deals.pools.schemas import PoolFound, PoolOffer
from marketplace.deals.royalties.schemas import FiguresFile, LateInterestSet, ReportDispute
from marketplace.deals.royalty_checks.schemas import CheckPolicySet
from marketplace.deals.schemas import AgreementSign
from marketplace.financing.recovery.schemas import CollateralAuctionStart
from marketplace.statistics.sight import sight_of

NOBODY = str(UUID(int=7))
"""An id that nothing has."""

PATH_DEFAULTS = {
    "consumer": "deals",
    "language": "en",
    "sequence": "1",
    "number": "1",
    "copy_id": f"MPW-{UUID(int=7).hex}",
}

ACCOUNT = {
    "holder_name": "홍길동",
    "account_number": "110-123-456789",
    "bank_code": "SHBKKRSE",
    "country": "KR",
}
PRICE = {"amount_minor": 90_000_000, "currency": "KRW"}
COLLATERAL_VALUATION = {"fee_minor": 5_000_000, "deadline": "2027-01-15"}
STEP = {"on": "2026-01-05", "evidence": "notice 2026-17"}


def documented(model: type[BaseModel]) -> Any:
    """The right body that a request's own documentation shows."""
    return model.model_json_schema()["examples"][0]


REPORT = {
    "calculations": [
        {
            "method": "replacement_cost",
            "currency": "KRW",
            "purpose": "transaction",
            "cost_minor": 300_000_000,
            "functional": 0.1,
        }
    ],
    "rejected": [{"method": "comparables", "reason": "none is public"}],
    "point_minor": 270_000_000,
    "low_minor": 250_000_000,
    "high_minor": 300_000_000,
    "reconciliation": "cost alone",
    "basis_of_value": "market value",
    "standard": "IVS 210",
    "assumptions": ["the annuities are paid"],
    "information_sources": ["register extract"],
    "limiting_conditions": ["for this purpose alone"],
    "rating_id": None,
    "appraisers": [{"name": "Kim", "qualification": "patent attorney"}],
    "subcontractors": [{"name": "Lee", "task": "market study"}],
    "independent": True,
    "valid_months": 12,
}

BODIES: Mapping[str, Any] = {
    "set_licence_terms": documented(LicenceTermsSet),
    "take_open_licence": documented(OpenLicenceTake),
    "offer_sublicence": documented(SublicenceOffer),
    "give_breach_notice": documented(BreachNotice),
    "file_royalty_report": documented(FiguresFile),
    "correct_royalty_report": documented(FiguresFile),
    "dispute_royalty_report": documented(ReportDispute),
    "set_late_interest_rate": documented(LateInterestSet),
    "set_royalty_check_policy": documented(CheckPolicySet),
    "claim_audit": documented(AuditClaim),
    "answer_audit": documented(AuditAnswer),
    "decide_audit": documented(AuditDecision),
    "offer_mandate": documented(MandateOffer),
    "make_offer_for": documented(OfferMake),
    "counter_for": documented(OfferMake),
    "name_deal_brokers": documented(BrokersName),
    "consent_to_a_dual_agency": documented(AgreementSign),
    "consent_to_a_split": documented(AgreementSign),
    "found_pool": documented(PoolFound),
    "offer_pool_licence": documented(PoolOffer),
    "set_reference_rate": {
        "name": "COFIX",
        "valid_from": "2026-01-15",
        "rate_basis_points": 350,
        "source": "notice",
    },
    "set_risk_sharing_scheme": {
        "name": "Pair",
        "valid_from": "2026-01-01",
        "source": "programme",
        "shares": [
            {"role": "lender", "basis_points": 5_000},
            {"role": "guarantor", "basis_points": 5_000},
        ],
    },
    "open_compensation_fund": {"organisation_id": NOBODY, "name": "City", "currency": "KRW"},
    "top_up_fund": {"amount": PRICE},
    "publish_lender_product": {
        "name": "IP loan",
        "currency": "KRW",
        "amount_min_minor": 1,
        "amount_max_minor": 1_000_000_000,
        "ltv_max_basis_points": 6_000,
        "term_months_max": 60,
        "rate_min_basis_points": 450,
        "rate_max_basis_points": 700,
        "valid_from": "2026-01-01",
    },
    "file_financing_request": {
        "amount": PRICE,
        "term_months": 12,
        "purpose": "working capital",
        "right_ids": [NOBODY],
    },
    "add_collateral": {"right_id": NOBODY},
    "order_request_valuation": COLLATERAL_VALUATION,
    "order_loan_valuation": COLLATERAL_VALUATION,
    "publish_demand": {
        "amount": PRICE,
        "summary": "a second line",
        "terms": {
            "product": "guarantee_loan",
            "term_months": 12,
            "guaranteed_basis_points": 8_500,
        },
        "right_ids": [NOBODY],
    },
    "make_demand_offer": {
        "amount_minor": 100_000_000,
        "terms": {
            "product": "guarantee_loan",
            "guaranteed_basis_points": 9_000,
            "fee_basis_points": 120,
        },
    },
    "sign_demand_agreement": {"sha256": "0" * 64},
    "report_pool_collection": {"ends_on": "2026-06-01", "cash_minor": 1_000_000},
    "put_request_document": {"name": "Balance sheet", "content": "assets"},
    "grant_sealed_document": {"organisation_id": NOBODY},
    "revoke_sealed_document": {"organisation_id": NOBODY},
    "make_loan_offer": {
        "amount_minor": 300_000_000,
        "ltv_max_basis_points": 6_000,
        "rate_basis_points": 540,
        "schedule": "annuity",
        "term_months": 12,
    },
    "sign_loan_contract": {"sha256": "0" * 64},
    "name_participant": {"role": "guarantor", "organisation_id": NOBODY},
    "join_loan": {"role": "guarantor"},
    "ask_to_repay": {"kind": "due"},
    "start_enforcement": {
        "path": "private_sale",
        "right_id": NOBODY,
        "payer_organisation_id": NOBODY,
        "amount_minor": 120_000_000,
    },
    "open_auction": documented(AuctionTerms),
    "place_bid": documented(BidPlace),
    "seal_bid": documented(BidSeal),
    "reveal_bid": documented(BidReveal),
    "record_auction": documented(AuctionRecord),
    "auction_collateral": documented(CollateralAuctionStart),
    "ask_for_recovery": {"payer_organisation_id": NOBODY, "amount_minor": 50_000_000},
    "sign_up": {
        "email": "fresh@example.com",
        "password": "long and private",
        "display_name": "홍길동",
        "country": "KR",
        "region": "KR-11",
    },
    "sign_in": {
        "email": "nobody@example.com",
        "password": "long and private",
        "code": "287082",
        "organisation_id": NOBODY,
    },
    "confirm_email": {"token": "ml_of-nobody"},
    "change_email": {
        "email": "other@example.com",
        "password": "long and private",
        "code": "287082",
    },
    "change_password": {
        "current_password": "long and private",
        "password": "longer and more private",
        "code": "287082",
    },
    "request_password_reset": {"email": "nobody@example.com"},
    "reset_password": {"token": "ml_of-nobody", "password": "longer and more private"},
    "begin_second_factor": {"password": "long and private"},
    "enable_second_factor": {"code": "287082"},
    "renew_recovery_codes": {"password": "long and private", "code": "287082"},
    "disable_second_factor": {"password": "long and private", "code": "287082"},
    "erase_me": {"password": "not the password"},
    "create_api_key": {"name": "a report", "scopes": ["read"], "lifetime_days": 30},
    "create_organisation": {
        "name": "Hanbit Materials",
        "kind": "company",
        "country": "KR",
        "region": "KR-11",
        "industry": "C26",
        "numbers": [{"scheme": "kr_business", "number": "124-81-00998"}],
    },
    "edit_organisation": {
        "name": "Hanbit Advanced Materials",
        "region": "KR-26",
        "industry": "C20",
        "numbers": [{"scheme": "lei", "number": "213800KUD8LAJWSQ9D15"}],
    },
    "release_number": {"scheme": "kr_corporate", "reason": "another company's certificate"},
    "suspend_organisation": {"reason": "three forged recordals"},
    "lift_suspension": {"reason": "they were another's"},
    "change_role": {"role": "viewer"},
    "transfer_ownership": {"user_id": NOBODY, "own_role": "member"},
    "invite": {"email": "nobody@example.com", "role": "member"},
    "invite_first_owner": {"email": "nobody@example.com"},
    "accept_invitation": {"token": "mpi_unknown"},
    "decline_invitation": {"token": "mpi_unknown"},
    "propose_affiliation": {
        "counterpart_id": NOBODY,
        "own_side": "parent",
        "share_basis_points": 5_100,
        "valid_from": "2026-01-01",
        "valid_until": "2027-01-01",
    },
    "record_affiliation": {
        "parent_id": NOBODY,
        "affiliate_id": str(UUID(int=8)),
        "share_basis_points": 5_100,
        "valid_from": "2026-01-01",
        "valid_until": "2027-01-01",
        "evidence": "annual report 2025, note 17",
    },
    "end_affiliation": {"valid_until": "2099-01-01"},
    "apply_for_designation": {"sector": "private", "evidence": "filed 2026-01-05"},
    "inspect_applicant": STEP,
    "review_applicant": STEP,
    "designate": STEP,
    "reject_applicant": STEP,
    "abandon_application": STEP,
    "reinstate_designation": STEP,
    "withdraw_designation": STEP,
    "suspend_designation": {"on": "2026-01-05", "until": "2026-03-05", "evidence": "decision 3"},
    "add_member": {"email": "nobody@example.com", "role": "member"},
    "register_client": {
        "name": "Valuation desk",
        "authentication": "private_key_jwt",
        "grant_types": ["authorization_code", "client_credentials"],
        "scopes": ["read", "openid"],
        "redirect_uris": ["https://desk.example.com/callback"],
        "jwks": {
            "keys": [
                {
                    "kty": "EC",
                    "crv": "P-256",
                    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
                    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
                    "kid": "1",
                }
            ]
        },
    },
    "edit_client": {"name": "Valuation desk, Busan", "scopes": ["read"]},
    "rotate_client_secret": {"overlap_days": 7},
    "create_identity_provider": {
        "slug": "daehan",
        "name": "Daehan Chemicals",
        "issuer": "https://login.daehan.example",
        "client_id": "marketplace",
        "authentication": "client_secret_post",
        "client_secret": "what the provider gave",
        "scopes": ["openid", "email"],
        "domains": ["daehan.example"],
        "country": "KR",
        "organisation_id": None,
        "role": None,
    },
    "edit_identity_provider": {
        "name": "Daehan Chemicals, Ulsan",
        "client_id": "marketplace-2",
        "authentication": "client_secret_basic",
        "client_secret": "what it gave later",
        "scopes": ["openid", "email", "profile"],
        "domains": ["daehan.example"],
        "country": "KR",
        "organisation_id": None,
        "role": None,
    },
    "unlink_identity": {"email": "nobody@example.com"},
    "register_right": {
        "kind": "patent",
        "title": "권리 확인 방법",
        "abstract": "등록 상태를 확인한다.",
        "language": "ko",
        "identifier": {"number": "KR 10-7654321", "office": "KR", "document_class": "registration"},
        "classifications": ["G06Q 50/18"],
    },
    "record_legal_event": {"kind": "lapsed", "occurred_on": "2026-01-05", "source": "gazette 17"},
    "retract_legal_event": {"source": "correction in gazette 47"},
    "note_register_check": {"as_of": "2026-01-05", "source": "extract", "origin": "KIPRIS"},
    "record_conveyance": {
        "kind": "assignment",
        "from_organisation_id": NOBODY,
        "to_organisation_id": NOBODY,
        "share": {"numerator": 1, "denominator": 3},
        "received_on": "2026-01-05",
        "recorded_on": "2026-01-06",
        "recordal_number": "1-1-2026-7",
        "source": "extract",
    },
    "retract_conveyance": {"source": "correction in gazette 47"},
    "import_register_facts": {
        "origin": "KIPRIS",
        "as_of": "2026-01-05",
        "scheme": "ST27",
        "rights": [
            {
                "number": "KR 10-7654322",
                "events": [{"id": "e1", "code": "PR0701", "on": "2015-07-08"}],
            }
        ],
    },
    "set_legal_rule": {
        "jurisdiction": "JP",
        "right_kind": "patent",
        "topic": "term",
        "terms": {"years": 20},
        "valid_from": "1995-07-01",
        "source": "Patent Act 67",
    },
    "ask_for_consents": {"act": "license", "terms": "5 % of net sales in Korea"},
    "give_consent": {"terms_sha256": "0" * 64, "limit": PRICE, "single_use": True},
    "ask_listing_consents": {"asking_price_minor": 1},
    "grant_encumbrance": {
        "kind": "pledge",
        "holder_organisation_id": NOBODY,
        "scope": {
            "claims": [1],
            "territories": ["KR-11"],
            "fields": ["G06Q 10/06"],
            "uses": ["make"],
            "starts_at": "2026-01-05T00:00:00+09:00",
            "ends_at": "2027-01-05T00:00:00+09:00",
        },
        "secured": PRICE,
        "contract_on": "2026-01-05",
        "effective_on": "2026-01-05",
    },
    "record_register_entry": {
        "source": "KIPRIS",
        "entry_id": "PN-1",
        "kind": "pledge",
        "holder_organisation_id": None,
        "holder_name": "한빛은행",
        "scope": {"territories": []},
        "secured": PRICE,
        "registration_number": "2026-1",
        "received_on": "2026-01-06",
        "receipt_order": 1,
        "recorded_on": "2026-01-07",
        "gazetted_on": "2026-01-08",
        "effective_on": "2026-01-06",
        "contract_on": "2026-01-05",
    },
    "register_encumbrance": {
        "registration_number": "2026-2",
        "received_on": "2026-01-06",
        "receipt_order": 2,
        "recorded_on": "2026-01-07",
        "gazetted_on": "2026-01-08",
        "effective_on": "2026-01-06",
    },
    "change_encumbrance": {
        "valid_from": "2026-01-09",
        "secured": PRICE,
        "ends_at": "2099-01-01T00:00:00+09:00",
        "holder_organisation_id": NOBODY,
    },
    "delete_encumbrance": {"valid_from": "2026-01-10"},
    "give_holder_consent": {
        "act": "sell",
        "deal_id": NOBODY,
        "price_at_least": PRICE,
        "claim_minor": 10,
        "expires_at": "2099-01-01T00:00:00+09:00",
    },
    "certify_encumbrances": {
        "valid_at": "2026-03-01T00:00:00+09:00",
        "known_at": "2026-03-15T00:00:00+09:00",
    },
    "put_confidential_text": {"content": "how the shelf dries an umbrella"},
    "file_idea": {
        "kind": "patent",
        "identifier": {
            "number": "KR 10-7654329",
            "office": "KR",
            "document_class": "registration",
        },
    },
    "announce_file": {
        "name": "hinge.pdf",
        "media_type": "application/pdf",
        "size_bytes": 3,
        "replaces": None,
    },
    "propose_disclosure": {
        "organisation_id": NOBODY,
        "user_id": None,
        "purpose": "evaluation for a licence",
        "expires_at": "2030-06-30T00:00:00+09:00",
        "known_days": 14,
    },
    "sign_disclosure": {"sha256": "0" * 64},
    "declare_known": {"proof_id": NOBODY},
    "add_unwanted_idea": {"classification": "G06Q"},
    "create_solicitation": {
        "title": "An umbrella rack",
        "task": "Dry an umbrella within ten minutes.",
        "language": "en",
        "outcome": "purchase",
        "budget_minor": 30_000_000,
        "currency": "KRW",
        "awards_max": 3,
        "compensation_minor": 100_000,
        "criteria": [{"name": "novelty", "weight_basis_points": 10_000}],
        "closes_at": "2027-06-30T00:00:00+09:00",
    },
    "submit_idea": {"right_id": NOBODY},
    "enter_store": {
        "right_id": NOBODY,
        "teaser": "dries umbrellas in nine minutes",
        "language": "en",
        "currency": "KRW",
    },
    "apply_in_store": {"price_minor": 40_000_000, "message": "for our shelves"},
    "select_in_store": {"application_id": NOBODY},
    "sign_co_development": {"sha256": "0f3c" * 16},
    "appoint_evaluator": {"user_id": NOBODY, "organisation_id": NOBODY},
    "declare_conflicts": {"organisation_ids": []},
    "evaluate_submission": {"scores": [80], "recused": False},
    "give_awards": {"awards": [{"number": 1, "amount_minor": 1}]},
    "create_listing": {
        "right_id": NOBODY,
        "title": "A shelf",
        "teaser": "It dries.",
        "language": "en",
        "asking_price_minor": 90_000_000,
        "currency": "KRW",
    },
    "edit_listing": {"title": "A shelf", "teaser": "It dries.", "asking_price_minor": 1},
    "make_offer": {"price": PRICE, "message": "for our Busan plant", "valid_until": None},
    "counter_offer": {"price": PRICE, "message": "as a set", "valid_until": None},
    "accept_offer": {"offer_number": 1},
    "amend_agreement": {"additional_terms": "Training is included."},
    "sign_agreement": {"sha256": "0" * 64},
    "record_transfer": {"evidence": "register extract 2026-01-05"},
    "record_enforcement": {"evidence": "register extract 2026-12-20"},
    "reject_recordal": {"evidence": "notice of refusal 2026-01-05"},
    "open_dispute": {"reason": "the extract is of another right"},
    "resolve_split": {"to_seller_minor": 40_000_000},
    "resolve_release": {"bear_loss": False},
    "refund_released": {"amount_minor": 10_000_000},
    "name_deal_payees": {
        "payees": [
            {
                "organisation_id": NOBODY,
                "role": "broker",
                "share": {"numerator": 1, "denominator": 1},
            }
        ]
    },
    "plan_deal_parts": {"parts": [{"amount_minor": 90_000_000, "after_days": 0}]},
    "set_tax_rate": {
        "jurisdiction": "KR",
        "kind": "withholding",
        "party": "individual",
        "income": "ip_transfer",
        "residence": "KR",
        "taxable_basis_points": 4_000,
        "rate_basis_points": 2_000,
        "surtax_basis_points": 1_000,
        "exempt_up_to_minor": 50_000,
        "currency": "KRW",
        "valid_from": "2099-01-01T00:00:00+09:00",
        "source": "Income Tax Act 129",
    },
    "declare_taxes": {"residence": "KR", "party": "business", "vat_number": "123-45-67890"},
    "set_fee_policy": {
        "commission_basis_points": 400,
        "vat_country": "KR",
        "valid_from": "2099-01-01T00:00:00+09:00",
        "reason": "board decision",
    },
    "apply_bank_entry": {"reference": "MP00000000"},
    "refund_bank_entry": {"account": ACCOUNT},
    "set_payee_account": ACCOUNT,
    "create_payout_batch": {"currency": "KRW"},
    "return_payout": {"reason": "account closed"},
    "choose_provider": {"provider": "bank"},
    "choose_payout_method": {"method": "bank"},
    "create_stripe_payouts": {"currency": "USD"},
    "submit_evidence": {"evidence": "register extract 2026-01-05"},
    "name_seller_of_record": {
        "series": "IPM",
        "name": "주식회사 아이디어마켓",
        "address": "서울특별시 강남구 테헤란로 131",
        "country": "KR",
        "registration_number": "124-81-00998",
        "vat_number": "124-81-00998",
        "time_zone": "Asia/Seoul",
        "valid_from": "2099-01-01T00:00:00+09:00",
    },
    "remit_tax": {
        "tax": "withholding",
        "jurisdiction": "KR",
        "period_from": "2026-01-01",
        "period_until": "2026-02-01",
        "reference": "0126-2611-1-12345678",
    },
    "quote_conversion": {"amount": PRICE, "into": "USD"},
    "exchange_bank_entry": {"counterpart": "USD"},
    "measure_dispersion": {
        "regions": [
            {"region": "Beijing", "whole": 2640, "together": 1364, "field": 3},
            {"region": "Fujian", "whole": 117, "together": 91, "printed_degree": "74.36"},
        ],
        "printed_total": {"whole": 2757, "together": 1451, "degree": "52.63"},
        "printed_measures": [{"label": "2021", "regions": 31, "std": "90.3", "gini": "0.970"}],
        "patents": [["A", "B"], ["A", "C", "D"]],
        "fractional": True,
    },
    "calculate_value": {
        "method": "relief_from_royalty",
        "currency": "KRW",
        "purpose": "transfer",
        "base_date": "2026-06-30",
        "revenues_minor": [100_000, 120_000],
        "royalty_rate": 0.05,
        "tax_rate": 0.22,
        "discount_rate": 0.15,
        "timing": "end_year",
        "terminal_growth": 0.01,
        "amortisation_years": 5,
        "range": {
            "kind": "monte_carlo",
            "draws": 100,
            "seed": 7,
            "over": {"royalty_rate": {"low": 0.03, "mode": 0.05, "high": 0.07}},
        },
    },
    "publish_valuation_model": {
        "edition": "2027.1",
        "source": "the guide's edition of 2027",
        "content": {
            "kind": "premium_table",
            "printed": [
                {"score": 20.0, "premium": 0.1001},
                {"score": 50.0, "premium": 0.0018},
            ],
            "slope": -0.071,
            "intercept": 0.1001,
        },
    },
    "allow_valuation_model": {
        "purpose": "loan",
        "valid_from": "2099-01-01",
        "valid_until": "2100-01-01",
    },
    "withdraw_valuation_model": {"withdrawn_from": "2099-07-01", "reason": "superseded"},
    "keep_institution_profile": {
        "fields": [6, 7],
        "purposes": ["loan", "transaction"],
        "regions": ["KR-11"],
        "capacity": 20,
    },
    "declare_institution_interest": {
        "kind": "stake",
        "counterpart_id": NOBODY,
        "valid_from": "2026-01-05",
        "valid_until": "2027-01-05",
        "note": "we hold 3 %",
    },
    "end_institution_interest": {"valid_until": "2099-01-01"},
    "set_assignment_policy": {
        "purpose": "loan",
        "client_may_name": False,
        "answer_hours": 48,
        "work_days": 14,
        "pause_days_max": 14,
        "accept_days": 7,
        "top_k": 3,
        "same_client_max": 5,
        "same_client_days": 365,
        "revaluation_months": 24,
        "spread_limit_basis_points": 3_000,
        "valid_from": "2099-01-01T00:00:00+09:00",
        "reason": "committee of 2026-12-01",
    },
    "place_valuation_order": {
        "right_ids": [NOBODY],
        "purpose": "transaction",
        "client_role": "owner",
        "base_date": "2026-01-05",
        "deadline": "2099-01-01",
        "fee": {"amount_minor": 5_000_000, "currency": "KRW"},
        "valuations": 1,
        "payers": [{"organisation_id": NOBODY, "numerator": 1, "denominator": 1}],
        "parties": [{"organisation_id": NOBODY, "role": "buyer"}],
        "institution_id": NOBODY,
        "region": "KR-11",
    },
    "object_to_valuation": {"reason": "of another claim"},
    "decline_assignment": {"reason": "no expert of this field"},
    "pause_assignment": {"reason": "waiting for the accounts"},
    "resign_assignment": {"reason": "our expert has left"},
    "write_valuation_report": REPORT,
    "correct_valuation_report": REPORT | {"correction": "a revenue was mistyped"},
    "draw_sample_survey": {
        "period_from": "2026-01-01",
        "period_until": "2026-07-01",
        "proportion": 0.1,
        "margin": 0.03,
        "z": 1.96,
    },
    "submit_quality_review": {
        "checklist": {
            "subject_identified": 3,
            "basis_and_premise": 3,
            "methods_chosen": 3,
            "inputs_supported": 3,
            "computation_right": 3,
            "range_reasoned": 3,
            "assumptions_disclosed": 3,
        },
        "second_value_minor": 150_000_000,
        "remarks": "one comparable alone",
    },
    "request_validity_survey": {"report_id": NOBODY, "ground": "licences of another field"},
    "give_validity_opinion": {"opinion": "they were adjusted"},
    "withdraw_validity_survey": {"decision": "settled between us"},
    "dismiss_validity_survey": {"decision": "nothing to look into"},
    "find_validity": {
        "outcome": "standard_breached",
        "finding": "not adjusted, against IVS 210",
        "sanction": "suspension",
        "suspend_until": "2099-01-01",
    },
    "appeal_validity": {"appeal": "see the second table"},
    "uphold_validity": {"decision": "the table names no adjustment"},
    "overturn_validity": {"decision": "the table does"},
}


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    method: str
    path: str
    route: APIRoute

    @property
    def label(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def name(self) -> str:
        return self.route.name

    @property
    def parameters(self) -> list[str]:
        return [field.name for field in self.route.dependant.path_params]

    @property
    def query(self) -> set[str]:
        """The names of its query parameters; one that is a model stands for its fields."""
        fields = [*_query_of(self.route.dependant)]
        models = [
            f.field_info.annotation
            for f in fields
            if hasattr(f.field_info.annotation, "model_fields")
        ]
        return {f.name for f in fields} | {name for model in models for name in model.model_fields}

    @cached_property
    def permissions(self) -> tuple[Permission, ...]:
        return permissions_of(self.route.dependant)

    @cached_property
    def needs_token(self) -> bool:
        return _asks(self.route.dependant, current_actor)

    @property
    def heeds_token(self) -> bool:
        """Whether who sends one may see more."""
        return _asks(self.route.dependant, sight_of)

    @property
    def body(self) -> Any:
        return BODIES[self.name] if self.route.body_field else None

    def lets(self, role: MemberRole) -> bool:
        if not self.permissions:
            return True
        return any(asked in ROLE_PERMISSIONS[role] for asked in self.permissions)

    @property
    def lets_companies(self) -> bool:
        return self.lets(MemberRole.OWNER)

    def address(self, ids: Mapping[str, str]) -> str:
        known = dict.fromkeys(self.parameters, NOBODY) | PATH_DEFAULTS
        return self.path.format_map(known | dict(ids))


def _query_of(dependant: Dependant) -> Iterator[Any]:
    """The parameters of the query, be they of the route itself or of what it depends on."""
    yield from dependant.query_params
    for needed in dependant.dependencies:
        yield from _query_of(needed)


def _asks(dependant: Dependant, call: object) -> bool:
    return dependant.call is call or any(_asks(d, call) for d in dependant.dependencies)


def operations(app: FastAPI) -> list[Operation]:
    """Every operation that the app answers, whoever mounted it."""
    return list(_operations(app))


def _operations(app: FastAPI) -> Iterator[Operation]:
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute):
            assert context.path_format == route.path_format
            for method in sorted(route.methods):
                yield Operation(method, route.path_format, route)
