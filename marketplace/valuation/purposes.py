from enum import StrEnum


class Purpose(StrEnum):
    """What a valuation is for. What may be used, and who may choose the valuer, depends on it."""

    LOAN = "loan"
    GUARANTEE = "guarantee"
    INVESTMENT = "investment"
    TRANSACTION = "transaction"
    TRANSFER = "transfer"
    CONTRIBUTION_IN_KIND = "contribution_in_kind"
    LITIGATION_DAMAGES = "litigation_damages"
    MISAPPROPRIATION = "misappropriation"
