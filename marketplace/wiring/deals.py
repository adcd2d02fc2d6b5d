from typing import Final

from marketplace.deals import api as deals_api
from marketplace.deals import personal_data as deals_personal_data
from marketplace.deals import settling, signing
from marketplace.deals import verify as deals_verify
from marketplace.deals.chargebacks import on_chargeback, on_chargeback_over
from marketplace.deals.co_owners import api as co_owners_api
from marketplace.deals.deadlines import on_hold_ending
from marketplace.deals.due_diligence import api as due_diligence_api
from marketplace.deals.handlers import (
    NEGOTIATIONS_AFTER,
    on_distributed,
    on_listing_moved,
    on_paid,
)
from marketplace.deals.invoicing import CONSUMER as INVOICES
from marketplace.deals.invoicing import FEE_MOVING, on_fee_moved
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

DEALS: Final = Domain(
    routers=(
        negotiations_api.router,
        deals_api.router,
        co_owners_api.router,
        due_diligence_api.router,
        payees_api.router,
        parts_api.router,
    ),
    lifecycles=(NEGOTIATION, DEAL, DEAL_PART),
    consumers=(
        Consumer(
            "deals",
            {
                "payment_request.pay": on_paid,
                "online_payment.decide": on_hold_ending,
                "chargeback.begin": on_chargeback,
                "chargeback.win": on_chargeback_over,
                "chargeback.lose": on_chargeback_over,
            }
            | dict.fromkeys(NEGOTIATIONS_AFTER, on_listing_moved)
            | dict.fromkeys(DISTRIBUTING, on_distributed),
        ),
        Consumer(INVOICES, dict.fromkeys(FEE_MOVING, on_fee_moved)),
    ),
    clocks=(
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
    ),
    constraint_errors={
        **negotiations_errors.CONSTRAINT_ERRORS,
        **payees_errors.CONSTRAINT_ERRORS,
        **parts_errors.CONSTRAINT_ERRORS,
    },
    personal_data=(deals_personal_data.PERSONAL_DATA,),
    append_only=("offer",),
    proofs={**deals_verify.CHECKS, **invoices_verify.checks(INVOICES, FEE_MOVING)},
)
