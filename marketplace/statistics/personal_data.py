"""Statistics hold no personal data: they count deals of many."""

from typing import Final

from marketplace.accounts.personal_data.registry import PersonalData

PERSONAL_DATA: Final = PersonalData(
    impersonal={
        "deal_rollup": "sums of deals by month",
        "deal_fact": "deals by kinds, regions and fields; groups by number only, never shown",
        "deal_day": "sums of deals by day",
        "figure_revision": "how a month's sums changed later",
        "series_month": "counts by month",
        "statistics_zone": "whose calendar the sums are of",
        "ipc_field": "which technology field a classification belongs to",
        "statistics_release": "which tables were published when",
        "released_table": "published tables, under disclosure control",
        "published_series": "who published figures before, and where",
        "published_figure": "figures published before",
    }
)
