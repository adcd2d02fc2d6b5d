"""The personal data of invoices: to whom fees were invoiced."""

from typing import Final

from marketplace.accounts.personal_data.registry import OWN, PersonalData, Section, events_about
from marketplace.payments.invoices.models import Invoice

_INVOICES: Final = f"SELECT id FROM invoice WHERE organisation_id = {OWN}"
_LAW: Final = "an invoice stays as it was issued, for as long as the law has books kept"

PERSONAL_DATA: Final = PersonalData(
    sections=(
        Section("invoices", Invoice, tuple(Invoice.model_fields), f"organisation_id = {OWN}"),
        events_about("invoice_events", "invoice", _INVOICES),
    ),
    impersonal={
        "seller_of_record": "who invoices the platform's own fees",
        "invoice_series": "the last numbers of invoices",
    },
    kept={"invoice.buyer_name": _LAW, "invoice.buyer_vat_number": _LAW},
)
