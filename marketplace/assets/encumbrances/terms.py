"""What is agreed on, and what the register says, beside the scope."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from marketplace.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds an encumbrance: an organisation of the marketplace, or a name in the register.

    An open licence is held by nobody: both are left out.
    """

    organisation_id: UUID | None = None
    name: str | None = None


NOBODY = Holder()


@dataclass(frozen=True, slots=True)
class Registration:
    """An entry of an office's register. Rank follows `received_on`, then `receipt_order`."""

    number: str
    received_on: date
    receipt_order: int = 1
    recorded_on: date | None = None
    gazetted_on: date | None = None
    effective_on: date | None = None

    def columns(self) -> dict[str, Any]:
        """What it is as columns of an encumbrance; what is not known is left as it was."""
        found = {
            "registration_number": self.number,
            "received_on": self.received_on,
            "receipt_order": self.receipt_order,
            "recorded_on": self.recorded_on,
            "gazetted_on": self.gazetted_on,
            "effective_on": self.effective_on,
        }
        return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Terms:
    """Dates and money of an encumbrance, where they apply. A pledge secures an amount.

    `challenge_accepted` is the pledgee's express statement that the right may be challenged.
    """

    secured: Money | None = None
    contract_on: date | None = None
    effective_on: date | None = None
    challenge_accepted: bool = False

    def columns(self) -> dict[str, Any]:
        return {
            "challenge_accepted": self.challenge_accepted,
            "secured_minor": self.secured.amount_minor if self.secured else None,
            "currency": self.secured.currency if self.secured else None,
            "contract_on": self.contract_on,
            "effective_on": self.effective_on,
        }


NO_TERMS = Terms()
