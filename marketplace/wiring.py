"""The only place that knows which domain hears which news, and what the clock may do."""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter

from marketplace.accounts import errors as accounts_errors
from marketplace.accounts import revocations
from marketplace.accounts.affiliations import api as affiliations_api
from marketplace.accounts.affiliations import errors as affiliations_errors
from marketplace.accounts.affiliations.lifecycle import AFFILIATION_PROPOSAL
from marketplace.accounts.affiliations.models import AffiliationProposal
from marketplace.accounts.api_keys import api as api_keys_api
from marketplace.accounts.api_keys import service as api_keys_service
from marketplace.accounts.attempts import service as attempts_service
from marketplace.accounts.authentication import Finder
from marketplace.accounts.authorizations import api as authorizations_api
from marketplace.accounts.clients import api as clients_api
from marketplace.accounts.designations import api as designations_api
from marketplace.accounts.designations import errors as designations_errors
from marketplace.accounts.designations import public as designations_public
from marketplace.accounts.designations import service as designations_service
from marketplace.accounts.designations.lifecycle import DESIGNATION
from marketplace.accounts.designations.models import Designation
from marketplace.accounts.emails import api as emails_api
from marketplace.accounts.invitations import api as invitations_api
from marketplace.accounts.invitations import errors as invitations_errors
from marketplace.accounts.invitations import service as invitations_service
from marketplace.accounts.invitations.lifecycle import INVITATION
from marketplace.accounts.invitations.models import Invitation
from marketplace.accounts.mailed_tokens import errors as mailed_tokens_errors
from marketplace.accounts.mailed_tokens import service as mailed_tokens_service
from marketplace.accounts.members import api as members_api
from marketplace.accounts.members import errors as members_errors
from marketplace.accounts.oauth import api as oauth_api
from marketplace.accounts.oauth import service as oauth_service
from marketplace.accounts.oauth import tokens
from marketplace.accounts.oauth.finding import TokenFinder
from marketplace.accounts.organisations import api as organisations_api
from marketplace.accounts.organisations import errors as organisations_errors
from marketplace.accounts.passwords import api as passwords_api
from marketplace.accounts.people import api as people_api
from marketplace.accounts.personal_data import api as personal_data_api
from marketplace.accounts.personal_data import applications as applications_personal_data
from marketplace.accounts.personal_data import credentials as credentials_personal_data
from marketplace.accounts.personal_data import organisations as organisations_personal_data
from marketplace.accounts.personal_data import own as accounts_personal_data
from marketplace.accounts.revocations import Revocations
from marketplace.accounts.second_factor import api as second_factor_api
from marketplace.accounts.second_factor import errors as second_factor_errors
from marketplace.accounts.sessions import api as sessions_api
from marketplace.accounts.sessions import service as sessions_service
from marketplace.accounts.signing_keys import service as signing_keys_service
from marketplace.accounts.suspensions import api as suspensions_api
from marketplace.accounts.suspensions import errors as suspensions_errors
from marketplace.assets import api as assets_api
from marketplace.assets import errors as assets_errors
from marketplace.assets import personal_data as assets_personal_data
from marketplace.assets.encumbrances import api as encumbrances_api
from marketplace.assets.encumbrances import errors as encumbrances_errors
from marketplace.assets.encumbrances import personal_data as encumbrances_personal_data
from marketplace.assets.encumbrances import service as encumbrances_service
from marketplace.assets.encumbrances.certificates import api as certificates_api
from marketplace.assets.encumbrances.certificates.models import EncumbranceCertificate
from marketplace.assets.encumbrances.consents import api as consents_api
from marketplace.assets.encumbrances.lifecycle import ENCUMBRANCE
from marketplace.assets.encumbrances.models import Encumbrance, EncumbranceVersion
from marketplace.deals import api as deals_api
from marketplace.deals import personal_data as deals_personal_data
from marketplace.deals import settling, signing
from marketplace.deals import verify as deals_verify
from marketplace.deals.handlers import NEGOTIATIONS_AFTER, on_listing_moved, on_paid
from marketplace.deals.lifecycle import DEAL
from marketplace.deals.models import Deal
from marketplace.deals.negotiations import api as negotiations_api
from marketplace.deals.negotiations import errors as negotiations_errors
from marketplace.deals.negotiations.lifecycle import NEGOTIATION
from marketplace.deals.negotiations.models import Negotiation
from marketplace.deals.parts import api as parts_api
from marketplace.deals.parts import clock as parts_clock
from marketplace.deals.parts import errors as parts_errors
from marketplace.deals.parts.lifecycle import DEAL_PART
from marketplace.deals.parts.models import DealPart
from marketplace.deals.payees import api as payees_api
from marketplace.deals.payees import errors as payees_errors
from marketplace.documents import api as documents_api
from marketplace.documents import errors as documents_errors
from marketplace.documents import personal_data as documents_personal_data
from marketplace.kernel import idempotency
from marketplace.kernel.clocks import Clock
from marketplace.kernel.db import METADATA
from marketplace.kernel.events import Consumer
from marketplace.kernel.fast_lane import FastRead
from marketplace.kernel.lifecycle import Lifecycle
from marketplace.kernel.mail import service as mail_service
from marketplace.kernel.problems import ConstraintErrors
from marketplace.kernel.seals import EventSeal
from marketplace.listings import api as listings_api
from marketplace.listings import errors as listings_errors
from marketplace.listings import personal_data as listings_personal_data
from marketplace.listings import service as listings_service
from marketplace.listings.handlers import on_encumbered, on_legal_event, on_organisation_edited
from marketplace.listings.lifecycle import LISTING
from marketplace.listings.models import Listing
from marketplace.listings.queries import quick_detail
from marketplace.pages import mailed_links
from marketplace.pages import routes as pages
from marketplace.payments import errors as payments_errors
from marketplace.payments import personal_data as payments_personal_data
from marketplace.payments import verify as payments_verify
from marketplace.payments.fees import api as fees_api
from marketplace.payments.fees import service as fees_service
from marketplace.payments.funding import api as funding_api
from marketplace.payments.funding import matching
from marketplace.payments.funding import service as funding_service
from marketplace.payments.funding.models import BankEntry, PaymentRequest
from marketplace.payments.ledger import models as ledger_models
from marketplace.payments.ledger import service as ledger_service
from marketplace.payments.ledger import verify as ledger_verify
from marketplace.payments.lifecycle import BANK_ENTRY, PAYMENT_REQUEST, PAYOUT
from marketplace.payments.payouts import api as payouts_api
from marketplace.payments.payouts import service as payouts_service
from marketplace.payments.payouts.models import Payout
from marketplace.payments.taxes import api as taxes_api
from marketplace.payments.taxes import errors as taxes_errors
from marketplace.payments.taxes.models import Withholding
from marketplace.search import api as search_api
from marketplace.search.catalogue import quick_page
from marketplace.settings import Settings
from marketplace.statistics import api as statistics_api
from marketplace.statistics import models as statistics_models
from marketplace.statistics import personal_data as statistics_personal_data
from marketplace.statistics import verify as statistics_verify

FAST: Final = {
    "/v1/listings": FastRead("/v1/listings", quick_page),
    "/v1/listings/": FastRead("/v1/listings/{listing_id}", quick_detail),
}
"""Reads that are answered ahead of the router."""

SECRET_TAKING: Final = frozenset(
    {
        "/oauth/sign-in",
        "/oauth/token",
        "/reset-password",
        "/v1/email-verifications/confirm",
        "/v1/password-resets",
        "/v1/password-resets/confirm",
        "/v1/sessions",
        "/v1/users",
        "/v1/users/me/erase",
        "/v1/users/me/second-factor/disable",
        "/verify-email",
    }
)
"""Paths whose POST takes a password or another secret: what one address may try is limited more."""

FINDERS: Final = {
    sessions_service.PREFIX: sessions_service.find_session,
    api_keys_service.PREFIX: api_keys_service.find_key,
}
"""What finds the holder of a bearer credential in the database, by the credential's prefix."""


def finders(settings: Settings, revocations: Revocations) -> Mapping[str, Finder]:
    """Every finder; that of access tokens asks the database only about news that it heard."""
    return {**FINDERS, tokens.PREFIX: TokenFinder(settings.issuer, revocations)}


USES: Final = {
    sessions_service.KIND: sessions_service.NOTE_USE,
    api_keys_service.KIND: api_keys_service.NOTE_USE,
}
"""What notes that credentials of a kind were used."""

ROUTERS: Final[tuple[APIRouter, ...]] = (
    people_api.router,
    personal_data_api.router,
    sessions_api.router,
    emails_api.verifications,
    emails_api.addresses,
    passwords_api.passwords,
    passwords_api.resets,
    second_factor_api.router,
    api_keys_api.router,
    organisations_api.router,
    suspensions_api.router,
    members_api.router,
    invitations_api.router,
    invitations_api.invitee_router,
    affiliations_api.router,
    affiliations_api.proposals_router,
    affiliations_api.group_router,
    designations_api.router,
    designations_public.router,
    clients_api.router,
    authorizations_api.router,
    assets_api.router,
    encumbrances_api.right_router,
    encumbrances_api.router,
    consents_api.router,
    certificates_api.right_router,
    certificates_api.router,
    certificates_api.keys_router,
    documents_api.router,
    search_api.router,
    listings_api.router,
    listings_api.public_router,
    negotiations_api.router,
    deals_api.router,
    payees_api.router,
    parts_api.router,
    fees_api.router,
    taxes_api.router,
    funding_api.router,
    payouts_api.router,
    statistics_api.router,
)

PLAIN_ROUTES: Final = (*oauth_api.ROUTES, *pages.ROUTES, *mailed_links.ROUTES)
"""What is no part of the documented API: the protocol of OAuth, and pages for people."""

TABLES: Final = METADATA.tables
"""Every table of the product: importing this module has declared them all."""

LIFECYCLES: Final[tuple[Lifecycle, ...]] = (  # type: ignore[type-arg]
    INVITATION,
    AFFILIATION_PROPOSAL,
    DESIGNATION,
    ENCUMBRANCE,
    LISTING,
    NEGOTIATION,
    DEAL,
    DEAL_PART,
    PAYMENT_REQUEST,
    BANK_ENTRY,
    PAYOUT,
)

CONSUMERS: Final = (
    Consumer(
        "listings",
        {
            "encumbrance.register": on_encumbered,
            "organisation.edit": on_organisation_edited,
            "right.legal_event": on_legal_event,
        },
    ),
    Consumer(
        "deals",
        {"payment_request.pay": on_paid} | dict.fromkeys(NEGOTIATIONS_AFTER, on_listing_moved),
    ),
)

CLOCKS: Final = (
    Clock(Invitation, {}),
    Clock(AffiliationProposal, {}),
    Clock(Designation, {"reinstate": designations_service.reinstate}),
    Clock(Encumbrance, {"review": encumbrances_service.review}),
    Clock(
        Listing,
        {
            "expire": listings_service.expire_listing,
            "reopen": listings_service.reopen_listing,
        },
    ),
    Clock(Negotiation, {}),
    Clock(
        Deal,
        {
            "cancel": signing.cancel,
            "refund": settling.refund,
            "escalate": settling.escalate,
            "release": settling.release,
            "resolve_refund": settling.resolve_refund,
            "resolve_release": settling.resolve_release,
        },
    ),
    Clock(DealPart, parts_clock.MOVES),
    Clock(PaymentRequest, {"expire": funding_service.expire_request}),
    Clock(BankEntry, {"queue": matching.queue_entry}),
    Clock(
        Payout,
        {"cancel": payouts_service.cancel_payout, "finish": payouts_service.finish_payout},
    ),
)

FORGETTING: Final = (
    idempotency.forget_old,
    sessions_service.forget_expired,
    api_keys_service.forget_ended,
    oauth_service.forget_ended,
    signing_keys_service.forget_retired,
    revocations.forget_old,
    invitations_service.forget_old,
    mail_service.forget_old,
    attempts_service.forget_old,
    mailed_tokens_service.forget_old,
)
"""What deletes rows that have served their time; the worker calls each, now and then."""

PERSONAL_DATA: Final = (
    deals_personal_data.PERSONAL_DATA,
    listings_personal_data.PERSONAL_DATA,
    payments_personal_data.PERSONAL_DATA,
    documents_personal_data.PERSONAL_DATA,
    encumbrances_personal_data.PERSONAL_DATA,
    assets_personal_data.PERSONAL_DATA,
    applications_personal_data.PERSONAL_DATA,
    credentials_personal_data.PERSONAL_DATA,
    organisations_personal_data.PERSONAL_DATA,
    accounts_personal_data.PERSONAL_DATA,
    statistics_personal_data.PERSONAL_DATA,
)
"""What each domain knows of persons; upper ones first, as they hold what lower ones end."""

CONSTRAINT_ERRORS: Final[ConstraintErrors] = {
    **accounts_errors.CONSTRAINT_ERRORS,
    **organisations_errors.CONSTRAINT_ERRORS,
    **members_errors.CONSTRAINT_ERRORS,
    **invitations_errors.CONSTRAINT_ERRORS,
    **suspensions_errors.CONSTRAINT_ERRORS,
    **affiliations_errors.CONSTRAINT_ERRORS,
    **designations_errors.CONSTRAINT_ERRORS,
    **mailed_tokens_errors.CONSTRAINT_ERRORS,
    **second_factor_errors.CONSTRAINT_ERRORS,
    **assets_errors.CONSTRAINT_ERRORS,
    **encumbrances_errors.CONSTRAINT_ERRORS,
    **documents_errors.CONSTRAINT_ERRORS,
    **listings_errors.CONSTRAINT_ERRORS,
    **negotiations_errors.CONSTRAINT_ERRORS,
    **ledger_service.CONSTRAINT_ERRORS,
    **fees_service.CONSTRAINT_ERRORS,
    **payments_errors.CONSTRAINT_ERRORS,
    **taxes_errors.CONSTRAINT_ERRORS,
    **payees_errors.CONSTRAINT_ERRORS,
    **parts_errors.CONSTRAINT_ERRORS,
}

APPEND_ONLY: Final = (
    "event",
    EventSeal.__tablename__,
    ledger_models.LedgerTransaction.__tablename__,
    ledger_models.LedgerPosting.__tablename__,
    "legal_event",
    EncumbranceVersion.__tablename__,
    EncumbranceCertificate.__tablename__,
    "document",
    "signature",
    "disclosure_view",
    "offer",
    "designation_step",
    Withholding.__tablename__,
    statistics_models.PublishedFigure.__tablename__,
)
"""Tables of facts: PostgreSQL itself refuses UPDATE, DELETE and TRUNCATE on them."""

PROOFS: Final = {
    **ledger_verify.CHECKS,
    **payments_verify.CHECKS,
    **deals_verify.CHECKS,
    **statistics_verify.CHECKS,
}
