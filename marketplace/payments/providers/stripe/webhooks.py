"""Stripe's news: whether it is Stripe's, and what it gives us reason to look at."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
import stripe

from marketplace.kernel.schemas import UNSTORABLE
from marketplace.payments.errands.models import ErrandKind
from marketplace.payments.providers.stripe.errors import (
    InvalidSignatureError,
    MalformedEventError,
)
from marketplace.payments.providers.stripe.seen import text_or_id

TOLERANCE_SECONDS: Final = 300
ID_LENGTH_MAX: Final = 255
_ID: Final = re.compile(rf"[A-Za-z0-9_]{{1,{ID_LENGTH_MAX}}}")
Look = tuple[ErrandKind, str]
LOOKS: Final = {
    "payment_intent": ErrandKind.LOOK_AT_PAYMENT,
    "dispute": ErrandKind.LOOK_AT_DISPUTE,
    "refund": ErrandKind.LOOK_AT_REFUND,
    "payout": ErrandKind.LOOK_AT_OWN_PAYOUT,
    "account": ErrandKind.LOOK_AT_ACCOUNT,
}
"""What to look at when an event shows an object of a kind."""


@dataclass(frozen=True, slots=True)
class Envelope:
    external_id: str
    type: str


def verify(body: bytes, signature: str | None, secrets: Iterable[str], *, at: datetime) -> Envelope:
    """Check the raw body against the endpoint's secrets, of which a rotation has two.

    It is what the SDK's `construct_event` does, without building the objects of the event. The SDK
    refuses what is too old; what is dated ahead of us could be replayed for as much longer.

    Raises:
        InvalidSignatureError, MalformedEventError: nothing of it is to be believed.
    """
    until = at.timestamp() + TOLERANCE_SECONDS
    if not any(_is_signed(body, signature, secret, until) for secret in secrets):
        raise InvalidSignatureError
    return _envelope(body)


def _is_signed(body: bytes, signature: str | None, secret: str, until: float) -> bool:
    try:
        verified = stripe.WebhookSignature.verify_header(body, signature, secret, TOLERANCE_SECONDS)
        return bool(verified) and _signed_at(signature) <= until
    except (stripe.SignatureVerificationError, UnicodeDecodeError):
        return False


def _signed_at(signature: str | None) -> int:
    """The time in a header that was verified, in seconds since 1970."""
    parts = dict(part.partition("=")[::2] for part in reversed((signature or "").split(",")))
    return int(parts["t"])


def _envelope(body: bytes) -> Envelope:
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedEventError from error
    if not isinstance(event, dict):
        raise MalformedEventError("an event is an object")
    return Envelope(_name(event, "id"), _name(event, "type"))


def _name(event: Mapping[str, Any], field: str) -> str:
    name = event.get(field)
    if not isinstance(name, str) or not 0 < len(name) <= ID_LENGTH_MAX or UNSTORABLE.search(name):
        raise MalformedEventError(f"an event has an {field}")
    return name


def look_for(event: Mapping[str, Any]) -> Look | None:
    """What an event gives reason to look at; None for what the platform has no use for.

    Only ids are read, which every version of Stripe's API writes alike.
    """
    type_ = str(event.get("type"))
    account = event.get("account")
    subject = (event.get("data") or {}).get("object")
    body = subject if isinstance(subject, Mapping) else {}
    found = _about_account(type_, account, body) if account else _about_us(body)
    return found if found and isinstance(found[1], str) and _ID.fullmatch(found[1]) else None


def _about_us(body: Mapping[str, Any]) -> tuple[ErrandKind, Any] | None:
    """An event of the platform's own account."""
    kind = str(body.get("object"))
    if kind == "charge":
        return ErrandKind.LOOK_AT_PAYMENT, text_or_id(body.get("payment_intent"))
    look = LOOKS.get(kind)
    return (look, body.get("id")) if look else None


def _about_account(
    type_: str, account: object, body: Mapping[str, Any]
) -> tuple[ErrandKind, Any] | None:
    """An event of a payee's account: it may be able to receive now, or not any more."""
    topics = ("account.", "capability.", "payout.failed", "person.")
    return (ErrandKind.LOOK_AT_ACCOUNT, account) if type_.startswith(topics) else None
