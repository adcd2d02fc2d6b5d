"""What a licensee tells about a period, and the base that the licence's terms make of it."""

from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

from marketplace.deals.royalties.errors import InvalidFiguresError
from marketplace.listings.licensing.terms import COUNTED, Deduction, RoyaltyTerms

DEDUCTED: Final = {
    Deduction.RETURNS: "returns_minor",
    Deduction.FREIGHT: "freight_minor",
    Deduction.TAXES: "taxes_minor",
}


@dataclass(frozen=True, slots=True)
class Line:
    """Figures of one right in one territory."""

    right_id: UUID
    territory: str
    quantity: int = 0
    gross_minor: int = 0
    returns_minor: int = 0
    freight_minor: int = 0
    taxes_minor: int = 0

    def values(self) -> dict[str, Any]:
        return asdict(self)


def base_of(terms: RoyaltyTerms, line: Line) -> int:
    """What the royalty of a line is a rate of.

    Raises:
        InvalidFiguresError: a deduction that was not agreed, or more than the gross amount.
    """
    taken: dict[Deduction, int] = {name: getattr(line, column) for name, column in DEDUCTED.items()}
    if astray := [name for name, minor in taken.items() if minor and name not in terms.deductions]:
        raise InvalidFiguresError(f"{', '.join(astray)}: not agreed as a deduction")
    if terms.base in COUNTED:
        return line.quantity
    base = line.gross_minor - sum(taken.values())
    if base < 0:
        raise InvalidFiguresError("deductions are more than the gross amount")
    return base
