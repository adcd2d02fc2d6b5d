"""What Stripe said, as far as the platform acts on it, in minor units by ISO 4217.

Objects of the SDK are no dictionaries; they are converted where they come in, and end here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from marketplace.payments.providers.stripe.amounts import from_stripe

Body = Mapping[str, Any]


def text_or_id(value: Any) -> str | None:
    """An id, whether or not the object that it stands for was expanded."""
    return value.get("id") if isinstance(value, Mapping) else value


def metadata_of(body: Body, name: str) -> str | None:
    return (body.get("metadata") or {}).get(name)


@dataclass(frozen=True, slots=True)
class Transaction:
    """One movement on the platform's Stripe balance; `amount_minor` is signed, as seen by us."""

    id: str
    amount_minor: int
    fee_minor: int
    currency: str
    created_at: datetime

    @classmethod
    def read(cls, body: Any) -> Self | None:
        """None while Stripe has not made it, or has not shown it."""
        if not isinstance(body, Mapping):
            return None
        currency = str(body["currency"]).upper()
        return cls(
            id=body["id"],
            amount_minor=from_stripe(body["amount"], currency),
            fee_minor=from_stripe(body["fee"], currency),
            currency=currency,
            created_at=datetime.fromtimestamp(body["created"], UTC),
        )

    @property
    def net_minor(self) -> int:
        return self.amount_minor - self.fee_minor


@dataclass(frozen=True, slots=True)
class Intent:
    id: str
    payment_id: str | None
    status: str
    client_secret: str | None
    failure_code: str | None
    failure_text: str | None
    charge_id: str | None
    transaction: Transaction | None

    @classmethod
    def read(cls, body: Body) -> Self:
        failure = body.get("last_payment_error") or {}
        charge = body.get("latest_charge")
        expanded = charge if isinstance(charge, Mapping) else {}
        return cls(
            id=body["id"],
            payment_id=metadata_of(body, "payment"),
            status=body["status"],
            client_secret=body.get("client_secret"),
            failure_code=failure.get("decline_code") or failure.get("code"),
            failure_text=failure.get("message"),
            charge_id=text_or_id(charge),
            transaction=Transaction.read(expanded.get("balance_transaction")),
        )


@dataclass(frozen=True, slots=True)
class Transfer:
    id: str
    payout_id: str | None
    transaction: Transaction | None

    @classmethod
    def read(cls, body: Body) -> Self:
        transaction = Transaction.read(body.get("balance_transaction"))
        return cls(body["id"], metadata_of(body, "payout"), transaction)


@dataclass(frozen=True, slots=True)
class Refund:
    id: str
    payout_id: str | None
    status: str
    failure_code: str | None
    transaction: Transaction | None
    failure_transaction: Transaction | None

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(
            id=body["id"],
            payout_id=metadata_of(body, "payout"),
            status=body.get("status") or "pending",
            failure_code=body.get("failure_reason"),
            transaction=Transaction.read(body.get("balance_transaction")),
            failure_transaction=Transaction.read(body.get("failure_balance_transaction")),
        )

    @property
    def failed(self) -> bool:
        return self.status in {"failed", "canceled"}


@dataclass(frozen=True, slots=True)
class Reversal:
    id: str
    reversal_id: str | None
    transaction: Transaction | None

    @classmethod
    def read(cls, body: Body) -> Self:
        transaction = Transaction.read(body.get("balance_transaction"))
        return cls(body["id"], metadata_of(body, "reversal"), transaction)


@dataclass(frozen=True, slots=True)
class Dispute:
    id: str
    intent_id: str | None
    status: str
    reason: str
    amount_minor: int
    currency: str
    evidence_due_at: datetime | None
    transactions: tuple[Transaction, ...]

    @classmethod
    def read(cls, body: Body) -> Self:
        due_by = (body.get("evidence_details") or {}).get("due_by")
        found = (Transaction.read(one) for one in body.get("balance_transactions") or ())
        currency = str(body["currency"]).upper()
        return cls(
            id=body["id"],
            intent_id=text_or_id(body.get("payment_intent")),
            status=body["status"],
            reason=body["reason"],
            amount_minor=from_stripe(body["amount"], currency),
            currency=currency,
            evidence_due_at=datetime.fromtimestamp(due_by, UTC) if due_by else None,
            transactions=tuple(one for one in found if one),
        )


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    transfers_enabled: bool
    payouts_enabled: bool
    details_submitted: bool
    requirements: tuple[str, ...]
    disabled_reason: str | None

    @classmethod
    def read(cls, body: Body) -> Self:
        wanted = body.get("requirements") or {}
        codes = [*(wanted.get("past_due") or ()), *(wanted.get("currently_due") or ())]
        return cls(
            id=body["id"],
            transfers_enabled=(body.get("capabilities") or {}).get("transfers") == "active",
            payouts_enabled=bool(body.get("payouts_enabled")),
            details_submitted=bool(body.get("details_submitted")),
            requirements=tuple(dict.fromkeys(codes)),
            disabled_reason=wanted.get("disabled_reason"),
        )


@dataclass(frozen=True, slots=True)
class AccountLink:
    url: str
    expires_at: datetime

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(body["url"], datetime.fromtimestamp(body["expires_at"], UTC))


@dataclass(frozen=True, slots=True)
class OwnPayout:
    """Money that left the platform's Stripe balance for its bank, and perhaps came back."""

    id: str
    transaction: Transaction | None
    failure_transaction: Transaction | None

    @classmethod
    def read(cls, body: Body) -> Self:
        transaction = Transaction.read(body.get("balance_transaction"))
        failure = Transaction.read(body.get("failure_balance_transaction"))
        return cls(body["id"], transaction, failure)
