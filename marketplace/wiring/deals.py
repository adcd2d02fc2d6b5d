from typing import Final

from marketplace.deals import api as deals_api
from marketplace.deals import deadlines, settling, signing
from marketplace.deals import personal_data as deals_personal_data
from marketplace.deals import verify as deals_verify
from marketplace.deals.audits import api as audits_api
from marketplace.deals.audits import errors as audits_errors
from marketplace.deals.audits.lifecycle import ROYALTY_AUDIT
from marketplace.deals.audits.models import RoyaltyAudit
from marketplace.deals.awards import api as awards_api
from marketplace.deals.awards import errors as awards_errors
from marketplace.deals.brokers import api as brokers_api
from marketplace.deals.brokers import errors as brokers_errors
from marketplace.deals.brokers import personal_data as brokers_personal_data
from marketplace.deals.brokers.models import BrokerConsent, BrokerPayment
from marketplace.deals.bundles import api as bundles_api
from marketplace.deals.chargebacks import (
    on_chargeback,
    on_chargeback_over,
    on_chargeback_won,
)
from marketplace.deals.co_developments import api as co_developments_api
from marketplace.deals.co_developments import handlers as co_developments_handlers
from marketplace.deals.co_developments import service as co_developments_service
from marketplace.deals.co_developments.lifecycle import CO_DEVELOPMENT
from marketplace.deals.co_developments.models import CoDevelopment
from marketplace.deals.co_owners import api as co_owners_api
from marketplace.deals.due_diligence import api as due_diligence_api
from marketplace.deals.handlers import (
    NEGOTIATIONS_AFTER,
    on_distributed,
    on_listing_moved,
    on_paid,
)
from marketplace.deals.invoicing import CONSUMER as INVOICES
from marketplace.deals.invoicing import FEE_MOVING, on_fee_moved
from marketplace.deals.licences import api as licences_api
from marketplace.deals.licences import errors as licences_errors
from marketplace.deals.licences import handlers as licences_handlers
from marketplace.deals.licences import personal_data as licences_personal_data
from marketplace.deals.licences import service as licences_service
from marketplace.deals.licences.lifecycle import LICENCE
from marketplace.deals.licences.models import Licence
from marketplace.deals.lifecycle import DEAL
from marketplace.deals.mandates import api as mandates_api
from marketplace.deals.mandates import errors as mandates_errors
from marketplace.deals.mandates.lifecycle import MANDATE
from marketplace.deals.mandates.models import Mandate
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
from marketplace.deals.pools import api as pools_api
from marketplace.deals.pools import errors as pools_errors
from marketplace.deals.pools.lifecycle import POOL
from marketplace.deals.pools.models import Pool
from marketplace.deals.prices import CONSUMER as PRICES
from marketplace.deals.prices import SOLD, on_sold
from marketplace.deals.royalties import api as royalties_api
from marketplace.deals.royalties import clock as royalties_clock
from marketplace.deals.royalties import errors as royalties_errors
from marketplace.deals.royalties import paying as royalties_paying
from marketplace.deals.royalties import verify as royalties_verify
from marketplace.deals.royalties.lifecycle import ROYALTY_PAYMENT, ROYALTY_REPORT
from marketplace.deals.royalties.models import (
    RoyaltyCharge,
    RoyaltyFiling,
    RoyaltyLine,
    RoyaltyPayment,
    RoyaltyReport,
)
from marketplace.deals.royalty_checks import api as royalty_checks_api
from marketplace.deals.royalty_checks import errors as royalty_checks_errors
from marketplace.deals.store import api as store_api
from marketplace.deals.store import handlers as store_handlers
from marketplace.kernel.clocks import Clock
from marketplace.kernel.events import Consumer
from marketplace.payments.invoices import verify as invoices_verify
from marketplace.wiring.domain import Domain

DISTRIBUTING: Final = (
    "deal.release",
    "deal.refund",
    "deal.resolve_release",
    "deal.resolve_refund",
    "deal.resolve_split",
    "deal.refund_released",
    "deal.unwind",
    "deal.reverse",
    "deal.cancel",
    "deal_part.release",
    "deal_part.refund",
    "deal_part.give_back",
    "deal_part.forgo",
    "deal_part.cancel",
    "deal_part.lapse",
)
"""After these something may have become payable from what was held, or is owed back."""

ROYALTY_MONEY: Final = (
    "royalty_payment.release",
    "royalty_payment.lapse",
    "royalty_payment.waive",
    "royalty_payment.supersede",
)
"""Likewise of a royalty."""

DEALS: Final = Domain(
    routers=(
        awards_api.router,
        co_developments_api.router,
        store_api.router,
        negotiations_api.router,
        deals_api.router,
        co_owners_api.router,
        due_diligence_api.router,
        payees_api.router,
        parts_api.router,
        bundles_api.router,
        licences_api.router,
        royalties_api.router,
        royalty_checks_api.router,
        audits_api.router,
        pools_api.router,
        mandates_api.router,
        brokers_api.router,
    ),
    lifecycles=(
        CO_DEVELOPMENT,
        NEGOTIATION,
        DEAL,
        DEAL_PART,
        LICENCE,
        ROYALTY_REPORT,
        ROYALTY_PAYMENT,
        ROYALTY_AUDIT,
        POOL,
        MANDATE,
    ),
    consumers=(
        Consumer(
            "deals",
            {
                "payment_request.pay": on_paid,
                "online_payment.decide": deadlines.on_hold_ending,
                "chargeback.begin": on_chargeback,
                "deal.countersign": licences_handlers.on_signed,
                "deal.take": licences_handlers.on_signed,
                "right.standing": licences_handlers.on_standing,
                "chargeback.win": on_chargeback_won,
                "chargeback.lose": on_chargeback_over,
            }
            | dict.fromkeys(NEGOTIATIONS_AFTER, on_listing_moved)
            | dict.fromkeys(DISTRIBUTING, on_distributed)
            | dict.fromkeys(ROYALTY_MONEY, royalties_paying.on_released),
        ),
        Consumer(
            "store deals",
            dict.fromkeys(("listing.sell", "listing.retire"), store_handlers.on_listing),
        ),
        Consumer("co-developments", {"payment_request.pay": co_developments_handlers.on_paid}),
        Consumer(INVOICES, dict.fromkeys(FEE_MOVING, on_fee_moved)),
        Consumer(PRICES, dict.fromkeys(SOLD, on_sold)),
    ),
    clocks=(
        Clock(CoDevelopment, {"cancel": co_developments_service.cancel}),
        Clock(Negotiation, {}),
        Clock(
            Deal,
            {
                "cancel": signing.cancel,
                "refund": settling.refund,
                "escalate": settling.escalate,
                "release": settling.release,
                "resolve_refund": deadlines.resolve_refund,
                "resolve_release": deadlines.resolve_release,
            },
        ),
        Clock(DealPart, parts_clock.MOVES),
        Clock(
            Licence,
            {
                "expire": licences_service.expire,
                "terminate": licences_service.terminate,
            },
        ),
        Clock(RoyaltyReport, royalties_clock.MOVES),
        Clock(RoyaltyPayment, {"lapse": royalties_paying.lapse}),
        Clock(RoyaltyAudit, {}),
        Clock(Pool, {}),
        Clock(Mandate, {}),
    ),
    constraint_errors={
        **negotiations_errors.CONSTRAINT_ERRORS,
        **awards_errors.CONSTRAINT_ERRORS,
        **payees_errors.CONSTRAINT_ERRORS,
        **parts_errors.CONSTRAINT_ERRORS,
        **licences_errors.CONSTRAINT_ERRORS,
        **royalties_errors.CONSTRAINT_ERRORS,
        **royalty_checks_errors.CONSTRAINT_ERRORS,
        **audits_errors.CONSTRAINT_ERRORS,
        **pools_errors.CONSTRAINT_ERRORS,
        **mandates_errors.CONSTRAINT_ERRORS,
        **brokers_errors.CONSTRAINT_ERRORS,
    },
    personal_data=(
        brokers_personal_data.PERSONAL_DATA,
        deals_personal_data.PERSONAL_DATA,
        licences_personal_data.PERSONAL_DATA,
    ),
    append_only=(
        "offer",
        RoyaltyFiling.__tablename__,
        RoyaltyLine.__tablename__,
        RoyaltyCharge.__tablename__,
        BrokerConsent.__tablename__,
        BrokerPayment.__tablename__,
    ),
    proofs={
        **deals_verify.CHECKS,
        **royalties_verify.CHECKS,
        **invoices_verify.checks(INVOICES, FEE_MOVING),
    },
)
