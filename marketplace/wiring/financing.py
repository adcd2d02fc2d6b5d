from typing import Final

from marketplace.financing import errors as financing_errors
from marketplace.financing import personal_data as financing_personal_data
from marketplace.financing import verify as financing_verify
from marketplace.financing.covenants import api as covenants_api
from marketplace.financing.covenants.lifecycle import COVENANT_BREACH
from marketplace.financing.covenants.models import CovenantBreach
from marketplace.financing.demands import api as demands_api
from marketplace.financing.demands import closing as demands_closing
from marketplace.financing.demands import errors as demands_errors
from marketplace.financing.demands import personal_data as demands_personal_data
from marketplace.financing.demands import service as demands_service
from marketplace.financing.demands.lifecycle import DEMAND, DEMAND_OFFER
from marketplace.financing.demands.models import Demand, DemandOffer, DemandRight
from marketplace.financing.handlers import on_paid, on_request_expired, on_standing
from marketplace.financing.loans import api as loans_api
from marketplace.financing.loans import opening, pledging
from marketplace.financing.loans.accruing import accrue
from marketplace.financing.loans.lifecycle import LOAN
from marketplace.financing.loans.models import Loan, LoanSchedule
from marketplace.financing.offers import api as offers_api
from marketplace.financing.offers.lifecycle import LOAN_OFFER
from marketplace.financing.offers.models import LoanOffer
from marketplace.financing.products import api as products_api
from marketplace.financing.recovery import api as recovery_api
from marketplace.financing.recovery import auctioning, claims, enforcing
from marketplace.financing.recovery.lifecycle import ENFORCEMENT
from marketplace.financing.recovery.models import Enforcement
from marketplace.financing.requests import api as requests_api
from marketplace.financing.requests.lifecycle import FINANCING_REQUEST
from marketplace.financing.requests.models import FinancingRequest
from marketplace.financing.schemes import api as schemes_api
from marketplace.financing.schemes.models import ReferenceRate, RiskShare
from marketplace.financing.securitisation import api as securitisation_api
from marketplace.financing.securitisation import errors as securitisation_errors
from marketplace.financing.securitisation.models import PoolShare
from marketplace.financing.valuations import api as valuations_api
from marketplace.financing.valuations import service as valuations
from marketplace.financing.valuations.models import FinancingValuation
from marketplace.kernel.clocks import Clock
from marketplace.kernel.events import Consumer
from marketplace.wiring.domain import Domain

PLEDGE_OVER: Final = (
    "encumbrance.delete",
    "encumbrance.release",
    "encumbrance.reject",
    "encumbrance.cancel",
)
VALUATION_NEWS: Final = tuple(
    f"valuation_order.{name}"
    for name in ("deliver", "object", "dismiss", "cancel", "withdraw", "fail", "sustain")
)
TITLE_PASSED: Final = ("deal.record", "deal.confirm_waiver", "deal.resolve_release")

FINANCING: Final = Domain(
    routers=(
        schemes_api.router,
        products_api.router,
        requests_api.router,
        valuations_api.router,
        offers_api.router,
        loans_api.router,
        covenants_api.router,
        recovery_api.router,
        demands_api.router,
        securitisation_api.router,
    ),
    lifecycles=(
        FINANCING_REQUEST,
        LOAN_OFFER,
        LOAN,
        COVENANT_BREACH,
        ENFORCEMENT,
        DEMAND,
        DEMAND_OFFER,
    ),
    consumers=(
        Consumer(
            "financing",
            {
                "payment_request.pay": on_paid,
                "payment_request.expire": on_request_expired,
                "auction.pay": auctioning.on_price,
                "auction_bidder.forfeit": auctioning.on_forfeit,
                "encumbrance.register": pledging.on_registered,
                "encumbrance.claim_paid": claims.on_sale,
                "right.standing": on_standing,
                "valuation_report.correct": valuations.on_correction,
            }
            | dict.fromkeys(PLEDGE_OVER, pledging.on_ended)
            | dict.fromkeys(VALUATION_NEWS, valuations.on_order)
            | dict.fromkeys(TITLE_PASSED, demands_closing.on_title_passed),
        ),
    ),
    clocks=(
        Clock(FinancingRequest, {}),
        Clock(LoanOffer, {}),
        Clock(Loan, {"cancel": opening.cancel, "file_release": pledging.file_release}),
        Clock(CovenantBreach, {}),
        Clock(Enforcement, {"abandon": enforcing.abandon}),
        Clock(Demand, {"expire": demands_service.expire, "lapse": demands_closing.lapse}),
        Clock(DemandOffer, {}),
    ),
    turning=(accrue,),
    constraint_errors={
        **financing_errors.CONSTRAINT_ERRORS,
        **demands_errors.CONSTRAINT_ERRORS,
        **securitisation_errors.CONSTRAINT_ERRORS,
    },
    personal_data=(
        financing_personal_data.PERSONAL_DATA,
        demands_personal_data.PERSONAL_DATA,
    ),
    append_only=(
        ReferenceRate.__tablename__,
        RiskShare.__tablename__,
        FinancingValuation.__tablename__,
        DemandRight.__tablename__,
        PoolShare.__tablename__,
        LoanSchedule.__tablename__,
    ),
    proofs=financing_verify.CHECKS,
)
