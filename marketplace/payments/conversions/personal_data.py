"""The personal data of conversions: what was exchanged for whom."""

from typing import Final

from marketplace.accounts.personal_data.registry import OWN, PersonalData, Section, events_about
from marketplace.payments.conversions.models import Conversion

_CONVERSIONS: Final = f"SELECT id FROM conversion WHERE organisation_id = {OWN}"

PERSONAL_DATA: Final = PersonalData(
    sections=(
        Section(
            "conversions", Conversion, tuple(Conversion.model_fields), f"organisation_id = {OWN}"
        ),
        events_about("conversion_events", "conversion", _CONVERSIONS),
    ),
    impersonal={"exchange_rate": "reference rates, as published"},
)
