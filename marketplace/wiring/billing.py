"""What payments tell and settle beside deals: statements, invoices, taxes paid, currencies."""

from typing import Final

from marketplace.kernel.clocks import Clock
from marketplace.payments.conversions import api as conversions_api
from marketplace.payments.conversions import personal_data as conversions_personal_data
from marketplace.payments.conversions import verify as conversions_verify
from marketplace.payments.conversions.lifecycle import CONVERSION
from marketplace.payments.conversions.models import Conversion
from marketplace.payments.currencies import api as currencies_api
from marketplace.payments.currencies.models import ExchangeRate
from marketplace.payments.invoices import api as invoices_api
from marketplace.payments.invoices import errors as invoices_errors
from marketplace.payments.invoices import personal_data as invoices_personal_data
from marketplace.payments.invoices.models import Invoice
from marketplace.payments.payee_statements import api as payee_statements_api
from marketplace.payments.remittances import api as remittances_api
from marketplace.payments.remittances import personal_data as remittances_personal_data
from marketplace.payments.remittances import verify as remittances_verify
from marketplace.payments.remittances.models import TaxRemittance
from marketplace.wiring.domain import Domain

BILLING: Final = Domain(
    routers=(
        payee_statements_api.router,
        invoices_api.router,
        remittances_api.router,
        currencies_api.router,
        conversions_api.router,
    ),
    lifecycles=(CONVERSION,),
    clocks=(Clock(Conversion, {}),),
    constraint_errors=invoices_errors.CONSTRAINT_ERRORS,
    personal_data=(
        invoices_personal_data.PERSONAL_DATA,
        remittances_personal_data.PERSONAL_DATA,
        conversions_personal_data.PERSONAL_DATA,
    ),
    append_only=(
        Invoice.__tablename__,
        TaxRemittance.__tablename__,
        ExchangeRate.__tablename__,
    ),
    proofs={**remittances_verify.CHECKS, **conversions_verify.CHECKS},
)
