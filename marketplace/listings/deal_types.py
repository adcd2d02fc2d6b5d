"""What a listing offers and a deal is about (DOMAIN B1)."""

from enum import StrEnum
from typing import Final


class DealType(StrEnum):
    SALE = "sale"
    REGISTERED_EXCLUSIVE = "registered_exclusive"
    EXCLUSIVE = "exclusive"
    SOLE = "sole"
    NON_EXCLUSIVE = "non_exclusive"
    OPEN = "open"
    CROSS = "cross"
    SUB = "sub"


BY_LICENSEES: Final = frozenset((DealType.SUB,))
"""What is offered by who holds a licence, not by who owns the right."""


class LicenceKind(StrEnum):
    """What a licensee gets, whatever the deal is called that gives it."""

    REGISTERED_EXCLUSIVE = "registered_exclusive"
    EXCLUSIVE = "exclusive"
    SOLE = "sole"
    NON_EXCLUSIVE = "non_exclusive"
    OPEN = "open"


ALONE: Final = frozenset(
    (LicenceKind.REGISTERED_EXCLUSIVE, LicenceKind.EXCLUSIVE, LicenceKind.SOLE)
)
"""Kinds beside which there is no other licensee in the same scope: one buyer takes the listing."""
