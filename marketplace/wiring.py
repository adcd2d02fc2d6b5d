"""The only place that knows which domain hears which news, and what the clock may do."""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter

from marketplace.accounts import errors as accounts_errors
from marketplace.accounts.members import api as members_api
from marketplace.accounts.organisations import api as organisations_api
from marketplace.accounts.people import api as people_api
from marketplace.accounts.sessions import api as sessions_api
from marketplace.accounts.sessions import service as sessions_service
from marketplace.assets import api as assets_api
from marketplace.assets import errors as assets_errors
from marketplace.deals import api as deals_api
from marketplace.deals import settling, signing
from marketplace.deals import verify as deals_verify
from marketplace.deals.chargebacks import on_chargeback
from marketplace.deals.deadlines import on_hold_ending
from marketplace.deals.handlers import NEGOTIATIONS_AFTER, on_listing_moved, on_paid
from marketplace.deals.lifecycle import DEAL
from marketplace.deals.models import Deal
from marketplace.deals.negotiations import api as negotiations_api
from marketplace.deals.negotiations import errors as negotiations_errors
from marketplace.deals.negotiations.lifecycle import NEGOTIATION
from marketplace.deals.negotiations.models import Negotiation
from marketplace.deals.payees import payees_of
from marketplace.documents import api as documents_api
from marketplace.documents import errors as documents_errors
from marketplace.kernel.clocks import Clock
from marketplace.kernel.db import METADATA
from marketplace.kernel.events import Consumer
from marketplace.kernel.fast_lane import FastRead, FastWrite
from marketplace.kernel.lifecycle import Lifecycle
from marketplace.kernel.problems import ConstraintErrors
from marketplace.kernel.seals import EventSeal
from marketplace.listings import api as listings_api
from marketplace.listings import errors as listings_errors
from marketplace.listings import service as listings_service
from marketplace.listings.handlers import on_legal_event
from marketplace.listings.lifecycle import LISTING
from marketplace.listings.models import Listing
from marketplace.listings.queries import quick_detail
from marketplace.payments import errors as payments_errors
from marketplace.payments import verify as payments_verify
from marketplace.payments.chargebacks import api as chargebacks_api
from marketplace.payments.chargebacks import errands as chargeback_errands
from marketplace.payments.chargebacks.lifecycle import CHARGEBACK
from marketplace.payments.chargebacks.models import Chargeback
from marketplace.payments.connect import api as connect_api
from marketplace.payments.connect import errands as connect_errands
from marketplace.payments.connect import errors as connect_errors
from marketplace.payments.errands import api as errands_api
from marketplace.payments.errands.desk import Errand
from marketplace.payments.errands.models import ErrandKind
from marketplace.payments.fees import api as fees_api
from marketplace.payments.fees import service as fees_service
from marketplace.payments.funding import api as funding_api
from marketplace.payments.funding import matching
from marketplace.payments.funding import service as funding_service
from marketplace.payments.funding.models import BankEntry, PaymentRequest
from marketplace.payments.inbox import api as inbox_api
from marketplace.payments.ledger import models as ledger_models
from marketplace.payments.ledger import service as ledger_service
from marketplace.payments.ledger import verify as ledger_verify
from marketplace.payments.lifecycle import BANK_ENTRY, PAYMENT_REQUEST, PAYOUT
from marketplace.payments.online import api as online_api
from marketplace.payments.online import clocks as online_clocks
from marketplace.payments.online import errands as online_errands
from marketplace.payments.online import errors as online_errors
from marketplace.payments.online.handlers import on_request_over
from marketplace.payments.online.lifecycle import ONLINE_PAYMENT
from marketplace.payments.online.models import OnlinePayment
from marketplace.payments.payouts import api as payouts_api
from marketplace.payments.payouts import service as payouts_service
from marketplace.payments.payouts.models import Payout
from marketplace.payments.reconciling import stripe as stripe_reconciling
from marketplace.payments.reconciling.service import Reconciler
from marketplace.payments.transfers import errands as transfer_errands
from marketplace.payments.transfers.handlers import on_distributed, on_payout_cancelled
from marketplace.payments.transfers.own import look_at_own_payout
from marketplace.search import api as search_api
from marketplace.search.catalogue import quick_page
from marketplace.statistics import api as statistics_api
from marketplace.statistics import models as statistics_models
from marketplace.statistics import verify as statistics_verify

FAST: Final[Mapping[str, FastRead | FastWrite]] = {
    "/v1/listings": FastRead("/v1/listings", quick_page),
    "/v1/listings/": FastRead("/v1/listings/{listing_id}", quick_detail),
    "/v1/webhooks/stripe": FastWrite(
        "/v1/webhooks/stripe", inbox_api.EVENT_BYTES_MAX, inbox_api.quick_receive
    ),
}
"""What is answered ahead of the router."""

FINDERS: Final = {sessions_service.PREFIX: sessions_service.find_session}
"""What finds the holder of a bearer credential, by the credential's prefix."""

ROUTERS: Final[tuple[APIRouter, ...]] = (
    people_api.router,
    sessions_api.router,
    organisations_api.router,
    members_api.router,
    assets_api.router,
    documents_api.router,
    search_api.router,
    listings_api.router,
    listings_api.public_router,
    negotiations_api.router,
    deals_api.router,
    fees_api.router,
    funding_api.router,
    payouts_api.router,
    online_api.router,
    connect_api.router,
    chargebacks_api.router,
    inbox_api.router,
    errands_api.router,
    statistics_api.router,
)

TABLES: Final = METADATA.tables
"""Every table of the product: importing this module has declared them all."""

LIFECYCLES: Final[tuple[Lifecycle, ...]] = (  # type: ignore[type-arg]
    LISTING,
    NEGOTIATION,
    DEAL,
    PAYMENT_REQUEST,
    BANK_ENTRY,
    PAYOUT,
    ONLINE_PAYMENT,
    CHARGEBACK,
)

REQUEST_OVER: Final = ("payment_request.pay", "payment_request.cancel", "payment_request.expire")
DISTRIBUTING: Final = (
    "deal.release",
    "deal.refund",
    "deal.resolve_release",
    "deal.resolve_refund",
    "deal.resolve_split",
    "deal.reverse",
    "deal.cancel",
)
"""After these something may have become payable from what was held, or is owed back."""

PAYEES_OF: Final = payees_of
"""Who will be paid from a subject, which payments ask without knowing deals."""

ERRANDS: Final[Mapping[ErrandKind, Errand]] = {
    ErrandKind.OPEN_PAYMENT: online_errands.open_payment,
    ErrandKind.CANCEL_PAYMENT: online_errands.cancel_payment,
    ErrandKind.LOOK_AT_PAYMENT: online_errands.look_at_payment,
    ErrandKind.SEND_PAYOUT: transfer_errands.send_payout,
    ErrandKind.LOOK_AT_REFUND: transfer_errands.look_at_refund,
    ErrandKind.REVERSE_TRANSFER: transfer_errands.reverse_transfer,
    ErrandKind.OPEN_ACCOUNT: connect_errands.open_account,
    ErrandKind.LINK_ACCOUNT: connect_errands.link_account,
    ErrandKind.LOOK_AT_ACCOUNT: connect_errands.look_at_account,
    ErrandKind.LOOK_AT_DISPUTE: chargeback_errands.look_at_dispute,
    ErrandKind.SUBMIT_EVIDENCE: chargeback_errands.submit_evidence,
    ErrandKind.ACCEPT_DISPUTE: chargeback_errands.accept_dispute,
    ErrandKind.LOOK_AT_OWN_PAYOUT: look_at_own_payout,
}
"""What is asked of providers outside any transaction."""

RECONCILERS: Final[Mapping[str, Reconciler]] = {"stripe": stripe_reconciling.reconcile}
"""What compares a provider's movements with the ledger, by the provider's name."""

CONSUMERS: Final = (
    Consumer("listings", {"right.legal_event": on_legal_event}),
    Consumer(
        "deals",
        {
            "payment_request.pay": on_paid,
            "online_payment.decide": on_hold_ending,
            "chargeback.begin": on_chargeback,
        }
        | dict.fromkeys(NEGOTIATIONS_AFTER, on_listing_moved),
    ),
    Consumer(
        "payments",
        dict.fromkeys(REQUEST_OVER, on_request_over)
        | dict.fromkeys(DISTRIBUTING, on_distributed)
        | {"payout.cancel": on_payout_cancelled},
    ),
)

CLOCKS: Final = (
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
    Clock(PaymentRequest, {"expire": funding_service.expire_request}),
    Clock(BankEntry, {"queue": matching.queue_entry}),
    Clock(
        Payout,
        {"cancel": payouts_service.cancel_payout, "finish": payouts_service.finish_payout},
    ),
    Clock(
        OnlinePayment,
        {
            "look": online_clocks.look,
            "warn": online_clocks.warn,
            "decide": online_clocks.decide,
        },
    ),
    Clock(Chargeback, {}),
)

CONSTRAINT_ERRORS: Final[ConstraintErrors] = {
    **accounts_errors.CONSTRAINT_ERRORS,
    **assets_errors.CONSTRAINT_ERRORS,
    **documents_errors.CONSTRAINT_ERRORS,
    **listings_errors.CONSTRAINT_ERRORS,
    **negotiations_errors.CONSTRAINT_ERRORS,
    **ledger_service.CONSTRAINT_ERRORS,
    **fees_service.CONSTRAINT_ERRORS,
    **payments_errors.CONSTRAINT_ERRORS,
    **online_errors.CONSTRAINT_ERRORS,
    **connect_errors.CONSTRAINT_ERRORS,
}

APPEND_ONLY: Final = (
    "event",
    EventSeal.__tablename__,
    ledger_models.LedgerTransaction.__tablename__,
    ledger_models.LedgerPosting.__tablename__,
    "legal_event",
    "document",
    "signature",
    "disclosure_view",
    "offer",
    statistics_models.PublishedFigure.__tablename__,
)
"""Tables of facts: PostgreSQL itself refuses UPDATE, DELETE and TRUNCATE on them."""

PROOFS: Final = {
    **ledger_verify.CHECKS,
    **payments_verify.CHECKS,
    **deals_verify.CHECKS,
    **statistics_verify.CHECKS,
}
