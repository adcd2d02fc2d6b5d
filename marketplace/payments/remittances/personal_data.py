"""The personal data of remittances: which operator recorded one."""

from typing import Final

from marketplace.accounts.personal_data.registry import PersonalData, Section
from marketplace.payments.remittances.models import TaxRemittance

_SHOWN: Final = ("id", "created_at", "recorded_by")

PERSONAL_DATA: Final = PersonalData(
    sections=(
        Section(
            "recorded_remittances",
            TaxRemittance,
            _SHOWN,
            "recorded_by = :user_id",
            dict.fromkeys(set(TaxRemittance.model_fields) - {*_SHOWN}, "the platform's own taxes"),
        ),
    ),
)
