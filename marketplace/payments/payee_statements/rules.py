"""What a payee's statement is made of: a balance, what changed it, and the balance then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Entry:
    """One posting of a payee's account; `delta_minor` is negative when money left it."""

    recorded_at: datetime
    transaction_id: UUID
    position: int
    kind: str
    subject: str
    counterparty: str
    delta_minor: int
    balance_minor: int

    @property
    def set_off_minor(self) -> int:
        """How much of it made good what the payee owed, and so is not paid out."""
        before_minor = self.balance_minor - self.delta_minor
        return max(0, min(self.delta_minor, -before_minor))

    @property
    def counterparty_class(self) -> str:
        """What sort of account the other side is; never which, which may be somebody else's."""
        return self.counterparty.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Statement:
    """All entries of a period, or one page of them: `opening` and the changes make `closing`."""

    opening_minor: int
    closing_minor: int
    credits_minor: int
    debits_minor: int
    count: int
    entries: Sequence[Entry]
    has_more: bool
