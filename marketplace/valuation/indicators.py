"""What a high-value patent is rated by: four categories, fourteen indicators."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Category(StrEnum):
    TECHNICAL_QUALITY = "technical_quality"
    MARKET_VALUE = "market_value"
    LIFE_CYCLE = "life_cycle"
    LEGAL_PROTECTION = "legal_protection"


class Indicator(StrEnum):
    ADVANCEMENT = "technological_advancement"
    MATURITY = "technological_maturity"
    MONOPOLY = "technology_monopoly"
    COVERAGE = "technology_coverage"
    MARKET_SCALE = "market_scale"
    MARKET_APPLICATION = "market_application"
    MARKET_COMPETITION = "market_competition"
    LICENSING_AND_TRANSFER = "licensing_and_transfer"
    TECHNOLOGY_LIFE_CYCLE = "technology_life_cycle"
    PATENT_LIFE = "patent_life"
    LITIGATION = "patent_litigation"
    INFRINGEMENT = "difficulty_of_infringement"
    PROTECTION_SCOPE = "protection_scope"
    TEXT_QUALITY = "patent_text_quality"


I = Indicator  # noqa: E741 - a table below, read as one
CATEGORIES: Final[Mapping[Category, tuple[Indicator, ...]]] = {
    Category.TECHNICAL_QUALITY: (I.ADVANCEMENT, I.MATURITY, I.MONOPOLY, I.COVERAGE),
    Category.MARKET_VALUE: (
        I.MARKET_SCALE,
        I.MARKET_APPLICATION,
        I.MARKET_COMPETITION,
        I.LICENSING_AND_TRANSFER,
    ),
    Category.LIFE_CYCLE: (I.TECHNOLOGY_LIFE_CYCLE, I.PATENT_LIFE),
    Category.LEGAL_PROTECTION: (
        I.LITIGATION,
        I.INFRINGEMENT,
        I.PROTECTION_SCOPE,
        I.TEXT_QUALITY,
    ),
}

PROXIES: Final[Mapping[Indicator, str]] = {
    I.ADVANCEMENT: "mean of the share of the field and year with fewer forward citations, and of"
    " novelty: 1 - the largest cosine with an earlier text",
    I.MATURITY: "the declared technology readiness level over 9; else granted 1, pending 0.5",
    I.MONOPOLY: "the owner's share of the filings of the cluster",
    I.COVERAGE: "distinct IPC subclasses times offices of the family",
    I.MARKET_SCALE: "filings of the last years in the cluster",
    I.MARKET_APPLICATION: "products and licences declared; else distinct IPC classes",
    I.MARKET_COMPETITION: "1 - the concentration (HHI) of the cluster's owners: rivals file where"
    " there is a market",
    I.LICENSING_AND_TRANSFER: "licences and transfers recorded",
    I.TECHNOLOGY_LIFE_CYCLE: "the part of the cluster's filings that are recent: early on the"
    " S-curve it is large",
    I.PATENT_LIFE: "the remaining over the whole term",
    I.LITIGATION: "challenges survived; open ones are a risk flag beside the score",
    I.INFRINGEMENT: "whether a use can be seen: a thing is claimed, not a method",
    I.PROTECTION_SCOPE: "the number of claims over the length of the first",
    I.TEXT_QUALITY: "how much of the first claim's wording the abstract and title support",
}
"""How each is measured from a record. What cannot be measured is left out, and said."""
