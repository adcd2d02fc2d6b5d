"""The dates of a transfer as an office has them."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Final

from marketplace.assets.legal_rules.terms import Passing
from marketplace.assets.title.errors import FutureConveyanceError


@dataclass(frozen=True, slots=True)
class Recordal:
    """The dates of a transfer, which are five, and the office's number and order of receipt."""

    contract_on: date | None = None
    effective_on: date | None = None
    received_on: date | None = None
    receipt_order: int | None = None
    recorded_on: date | None = None
    gazetted_on: date | None = None
    recordal_number: str | None = None

    def passes_on(self, passing: Passing) -> date | None:
        """The date that passes the title, or the nearest one that is known."""
        named = {
            Passing.EFFECTIVE: self.effective_on,
            Passing.RECEIPT: self.received_on,
            Passing.RECORDAL: self.recorded_on,
            Passing.GAZETTE: self.gazetted_on,
        }
        other = (self.recorded_on, self.received_on, self.effective_on, self.contract_on)
        return named[passing] or next((day for day in other if day), None)

    def require_past(self, today: date) -> None:
        """Raises FutureConveyanceError for what did not happen yet."""
        days = {name: day for name, day in asdict(self).items() if isinstance(day, date)}
        ahead = [f"{name} {day}" for name, day in days.items() if day > today]
        if ahead:
            raise FutureConveyanceError(", ".join(ahead))


NO_DATES: Final = Recordal()
