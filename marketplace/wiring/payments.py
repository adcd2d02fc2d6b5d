"""What payments bring, and what is asked of providers."""

from collections.abc import Mapping
from typing import Final

from marketplace.kernel.clocks import Clock
from marketplace.kernel.events import Consumer
from marketplace.payments import errors as payments_errors
from marketplace.payments import personal_data as payments_personal_data
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
from marketplace.payments.inbox import service as inbox_service
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
from marketplace.payments.payables import api as payables_api
from marketplace.payments.payouts import api as payouts_api
from marketplace.payments.payouts import service as payouts_service
from marketplace.payments.payouts.models import Payout
from marketplace.payments.reconciling import bank as bank_reconciling
from marketplace.payments.reconciling import stripe as stripe_reconciling
from marketplace.payments.reconciling.service import Reconciler
from marketplace.payments.taxes import api as taxes_api
from marketplace.payments.taxes import errors as taxes_errors
from marketplace.payments.taxes.models import Withholding
from marketplace.payments.transfers import errands as transfer_errands
from marketplace.payments.transfers.handlers import on_payout_cancelled
from marketplace.payments.transfers.own import look_at_own_payout
from marketplace.wiring.domain import Domain

REQUEST_OVER: Final = ("payment_request.pay", "payment_request.cancel", "payment_request.expire")

PAYMENTS: Final = Domain(
    routers=(
        fees_api.router,
        taxes_api.router,
        funding_api.router,
        payouts_api.router,
        payables_api.router,
        online_api.router,
        connect_api.router,
        chargebacks_api.router,
        inbox_api.router,
        errands_api.router,
    ),
    lifecycles=(PAYMENT_REQUEST, BANK_ENTRY, PAYOUT, ONLINE_PAYMENT, CHARGEBACK),
    consumers=(
        Consumer(
            "payments",
            dict.fromkeys(REQUEST_OVER, on_request_over) | {"payout.cancel": on_payout_cancelled},
        ),
    ),
    clocks=(
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
    ),
    constraint_errors={
        **ledger_service.CONSTRAINT_ERRORS,
        **fees_service.CONSTRAINT_ERRORS,
        **payments_errors.CONSTRAINT_ERRORS,
        **taxes_errors.CONSTRAINT_ERRORS,
        **online_errors.CONSTRAINT_ERRORS,
        **connect_errors.CONSTRAINT_ERRORS,
    },
    forgetting=(inbox_service.forget_old,),
    personal_data=(payments_personal_data.PERSONAL_DATA,),
    append_only=(
        ledger_models.LedgerTransaction.__tablename__,
        ledger_models.LedgerPosting.__tablename__,
        Withholding.__tablename__,
    ),
    proofs={**ledger_verify.CHECKS, **payments_verify.CHECKS},
)

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

RECONCILERS: Final[Mapping[str, Reconciler]] = {
    "bank": bank_reconciling.reconcile,
    "stripe": stripe_reconciling.reconcile,
}
"""What compares a provider's movements with the ledger, by the provider's name."""
