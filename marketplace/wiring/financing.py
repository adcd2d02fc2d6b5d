from typing import Final

from marketplace.financing import errors as financing_errors
from marketplace.financing import personal_data as financing_personal_data
from marketplace.financing import verify as financing_verify
from marketplace.financing.covenants import api as covenants_api
from marketplace.financing.covenants.lifecycle import COVENANT_BREACH
from marketplace.financing.covenants.models import CovenantBreach
from marketplace.financing.covenants.service import on_appraised, on_standing
from marketplace.financing.handlers import on_paid, on_request_expired
from marketplace.financing.loans import api as loans_api
from marketplace.financing.loans import opening, pledging
from marketplace.financing.loans.accruing import accrue
from marketplace.financing.loans.lifecycle import LOAN
from marketplace.financing.loans.models import Loan, LoanSchedule
from marketplace.financing.models import Appraisal
from marketplace.financing.offers import api as offers_api
from marketplace.financing.offers.lifecycle import LOAN_OFFER
from marketplace.financing.offers.models import LoanOffer
from marketplace.financing.products import api as products_api
from marketplace.financing.recovery import api as recovery_api
from marketplace.financing.recovery import auctioning, enforcing
from marketplace.financing.recovery.lifecycle import ENFORCEMENT
from marketplace.financing.recovery.models import Enforcement
from marketplace.financing.requests import api as requests_api
from marketplace.financing.requests.lifecycle import FINANCING_REQUEST
from marketplace.financing.requests.models import FinancingRequest
from marketplace.financing.schemes import api as schemes_api
from marketplace.financing.schemes.models import ReferenceRate, RiskShare
from marketplace.kernel.clocks import Clock
from marketplace.kernel.events import Consumer
from marketplace.wiring.domain import Domain

PLEDGE_OVER: Final = (
    "encumbrance.delete",
    "encumbrance.release",
    "encumbrance.reject",
    "encumbrance.cancel",
)

FINANCING: Final = Domain(
    routers=(
        schemes_api.router,
        products_api.router,
        requests_api.router,
        offers_api.router,
        loans_api.router,
        covenants_api.router,
        recovery_api.router,
    ),
    lifecycles=(FINANCING_REQUEST, LOAN_OFFER, LOAN, COVENANT_BREACH, ENFORCEMENT),
    consumers=(
        Consumer(
            "financing",
            {
                "payment_request.pay": on_paid,
                "payment_request.expire": on_request_expired,
                "auction.pay": auctioning.on_price,
                "auction_bidder.forfeit": auctioning.on_forfeit,
                "encumbrance.register": pledging.on_registered,
                "right.standing": on_standing,
                "appraisal.record": on_appraised,
            }
            | dict.fromkeys(PLEDGE_OVER, pledging.on_ended),
        ),
    ),
    clocks=(
        Clock(FinancingRequest, {}),
        Clock(LoanOffer, {}),
        Clock(Loan, {"cancel": opening.cancel, "file_release": pledging.file_release}),
        Clock(CovenantBreach, {}),
        Clock(Enforcement, {"abandon": enforcing.abandon}),
    ),
    turning=(accrue,),
    constraint_errors=financing_errors.CONSTRAINT_ERRORS,
    personal_data=(financing_personal_data.PERSONAL_DATA,),
    append_only=(
        ReferenceRate.__tablename__,
        RiskShare.__tablename__,
        Appraisal.__tablename__,
        LoanSchedule.__tablename__,
    ),
    proofs=financing_verify.CHECKS,
)
