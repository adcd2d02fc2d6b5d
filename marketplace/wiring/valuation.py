from typing import Final

from marketplace.kernel.clocks import Clock
from marketplace.kernel.events import Consumer
from marketplace.valuation import personal_data as valuation_personal_data
from marketplace.valuation import verify as valuation_verify
from marketplace.valuation.accuracy import api as accuracy_api
from marketplace.valuation.accuracy.models import RealisedPrice
from marketplace.valuation.assignments import api as assignments_api
from marketplace.valuation.assignments import clock as assignments_clock
from marketplace.valuation.assignments import errors as assignments_errors
from marketplace.valuation.assignments.handlers import RESTING, on_standing_lost
from marketplace.valuation.assignments.lifecycle import VALUATION_ASSIGNMENT
from marketplace.valuation.assignments.models import ValuationAssignment, ValuationDecision
from marketplace.valuation.calculations import api as calculations_api
from marketplace.valuation.institutions import api as institutions_api
from marketplace.valuation.institutions.models import InstitutionStanding
from marketplace.valuation.orders import api as orders_api
from marketplace.valuation.orders import closing
from marketplace.valuation.orders import service as orders_service
from marketplace.valuation.orders.handlers import (
    DISTRIBUTING,
    on_distributed,
    on_hold_ending,
    on_paid,
)
from marketplace.valuation.orders.lifecycle import VALUATION_ORDER
from marketplace.valuation.orders.models import ValuationOrder
from marketplace.valuation.policies import api as policies_api
from marketplace.valuation.policies import errors as policies_errors
from marketplace.valuation.rating import api as rating_api
from marketplace.valuation.rating import models as rating_models
from marketplace.valuation.registry import api as registry_api
from marketplace.valuation.registry import errors as registry_errors
from marketplace.valuation.registry import models as registry_models
from marketplace.valuation.reports import api as reports_api
from marketplace.valuation.reports import errors as reports_errors
from marketplace.valuation.reports.models import ValuationReport
from marketplace.valuation.surveys import api as surveys_api
from marketplace.valuation.surveys.lifecycle import QUALITY_REVIEW
from marketplace.valuation.surveys.models import QualityReview
from marketplace.valuation.validity import api as validity_api
from marketplace.valuation.validity import errors as validity_errors
from marketplace.valuation.validity.lifecycle import VALIDITY_SURVEY
from marketplace.valuation.validity.models import ValiditySurvey
from marketplace.wiring.domain import Domain

VALUATION: Final = Domain(
    routers=(
        registry_api.router,
        calculations_api.router,
        rating_api.router,
        institutions_api.router,
        policies_api.router,
        orders_api.router,
        assignments_api.router,
        reports_api.router,
        accuracy_api.router,
        surveys_api.router,
        validity_api.router,
    ),
    lifecycles=(VALUATION_ORDER, VALUATION_ASSIGNMENT, QUALITY_REVIEW, VALIDITY_SURVEY),
    consumers=(
        Consumer(
            "valuation",
            {"payment_request.pay": on_paid, "online_payment.decide": on_hold_ending}
            | dict.fromkeys(DISTRIBUTING, on_distributed)
            | dict.fromkeys(RESTING, on_standing_lost),
        ),
    ),
    clocks=(
        Clock(
            ValuationOrder,
            {
                "cancel": orders_service.cancel,
                "fail": closing.fail,
                "accept": closing.accept,
                "dismiss": closing.dismiss,
            },
        ),
        Clock(ValuationAssignment, assignments_clock.MOVES),
        Clock(QualityReview, {}),
        Clock(ValiditySurvey, {}),
    ),
    constraint_errors={
        **registry_errors.CONSTRAINT_ERRORS,
        **policies_errors.CONSTRAINT_ERRORS,
        **assignments_errors.CONSTRAINT_ERRORS,
        **reports_errors.CONSTRAINT_ERRORS,
        **validity_errors.CONSTRAINT_ERRORS,
    },
    personal_data=(valuation_personal_data.PERSONAL_DATA,),
    append_only=(
        registry_models.ValuationModel.__tablename__,
        registry_models.ValuationModelWithdrawal.__tablename__,
        rating_models.RatingRun.__tablename__,
        rating_models.Rating.__tablename__,
        ValuationDecision.__tablename__,
        ValuationReport.__tablename__,
        InstitutionStanding.__tablename__,
        RealisedPrice.__tablename__,
    ),
    proofs=valuation_verify.CHECKS,
)
