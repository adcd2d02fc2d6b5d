"""The fake's state: objects by id, balances by account, movements, events, answered keys."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Body = dict[str, Any]
VERSION = "2026-05-27.dahlia"


class Refusal(Exception):  # noqa: N818 - an answer of Stripe's, not an error of ours
    def __init__(self, status: int, code: str, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.kind = kind or "invalid_request_error"


def missing(what: str, id_: str) -> Refusal:
    return Refusal(404, "resource_missing", f"No such {what}: '{id_}'")


@dataclass
class Books:
    now: Callable[[], int]
    objects: dict[str, Body] = field(default_factory=dict)
    platform: Counter[str] = field(default_factory=Counter)
    fees: Counter[str] = field(default_factory=Counter)
    """What Stripe kept so far; the platform makes it up from its bank, so that refunds go on."""
    accounts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    transactions: list[Body] = field(default_factory=list)
    events: list[Body] = field(default_factory=list)
    numbers: Counter[str] = field(default_factory=Counter)

    def new_id(self, prefix: str) -> str:
        """Ids that are the same in every run."""
        self.numbers[prefix] += 1
        return f"{prefix}_{self.numbers[prefix]:06}"

    def add(self, prefix: str, kind: str, **values: Any) -> Body:
        body = {"id": self.new_id(prefix), "object": kind, "created": self.now(), **values}
        if kind not in {"refund", "transfer_reversal", "balance_transaction", "account"}:
            body["livemode"] = False
        self.objects[body["id"]] = body
        return body

    def get(self, id_: str, what: str) -> Body:
        body = self.objects.get(id_)
        if body is None or body["object"] != what:
            raise missing(what, id_)
        return body

    def of_kind(self, kind: str) -> Iterator[Body]:
        """Newest first, as Stripe lists."""
        return (body for body in reversed(self.objects.values()) if body["object"] == kind)

    def move(self, kind: str, source: str, amount: int, fee: int, currency: str) -> str:
        """A movement on the platform's balance; returns its id."""
        self.platform[currency] += amount - fee
        self.fees[currency] += fee
        body = self.add(
            "txn",
            "balance_transaction",
            amount=amount,
            fee=fee,
            net=amount - fee,
            currency=currency,
            type=kind,
            source=source,
            status="available",
            available_on=self.now(),
            balance_type="payments",
            reporting_category=kind,
            description=None,
            exchange_rate=None,
            fee_details=_fee_details(fee, currency),
        )
        self.transactions.append(body)
        return str(body["id"])

    def tell(self, type_: str, body: Body, account: str | None = None) -> None:
        """Write an event down; who delivers them decides in which order they come."""
        event: Body = {
            "id": self.new_id("evt"),
            "object": "event",
            "api_version": VERSION,
            "created": self.now(),
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": type_,
            "data": {"object": dict(body)},
        }
        if account:
            event["account"] = account
        self.events.append(event)


def _fee_details(fee: int, currency: str) -> list[Body]:
    if not fee:
        return []
    return [
        {
            "amount": fee,
            "application": None,
            "currency": currency,
            "description": "Stripe processing fees",
            "type": "stripe_fee",
        }
    ]
