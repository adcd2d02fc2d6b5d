"""Valuation models and ratings tell of patents and formulas."""

from typing import Final

from marketplace.accounts.personal_data.registry import PersonalData

PERSONAL_DATA: Final = PersonalData(
    impersonal={
        "valuation_model": "published formulas, tables and weights",
        "valuation_model_use": "what they are allowed for",
        "valuation_model_withdrawal": "when they ended",
        "rating_run": "a corpus of published patents, and what it was rated with",
        "rating": "grades of published patents; who owns them is not in it",
    }
)
