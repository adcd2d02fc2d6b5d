"""Statistics hold no personal data: they count deals of many."""

from typing import Final

from marketplace.accounts.personal_data.registry import PersonalData

PERSONAL_DATA: Final = PersonalData(
    impersonal={
        "deal_rollup": "sums of deals by month",
        "published_series": "who published figures before, and where",
        "published_figure": "figures published before",
    }
)
