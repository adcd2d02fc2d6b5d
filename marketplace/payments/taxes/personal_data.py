"""What the books of taxes know of persons."""

from typing import Final

from marketplace.accounts.personal_data.registry import OWN, Section
from marketplace.payments.taxes.models import TaxProfile, Withholding

SECTIONS: Final = (
    Section(
        "tax_profiles",
        TaxProfile,
        ("id", "created_at", "organisation_id", "residence", "party", "vat_number"),
        f"organisation_id = {OWN}",
    ),
    Section(
        "withholdings",
        Withholding,
        (
            "id",
            "created_at",
            "subject",
            "held_for",
            "organisation_id",
            "tax_rate_id",
            "gross_minor",
            "tax_minor",
            "surtax_minor",
            "currency",
        ),
        f"organisation_id = {OWN}",
    ),
)
IMPERSONAL: Final = {"tax_rate": "tables of the law"}
