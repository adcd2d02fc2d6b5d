"""Payment intents, charges and refunds."""

from typing import Any

from tests.fakes.stripe.books import Body, Books, Refusal

DECLINED = {
    "pm_card_chargeDeclined": ("card_declined", "generic_decline", "Your card was declined."),
    "pm_card_chargeDeclinedInsufficientFunds": (
        "card_declined",
        "insufficient_funds",
        "Your card has insufficient funds.",
    ),
}
SCA = "pm_card_authenticationRequired"
DEBIT = "pm_usBankAccount"
OPEN = {"requires_payment_method", "requires_confirmation", "requires_action"}
BILLING: Body = {"address": None, "email": None, "name": None, "phone": None, "tax_id": None}


class Payments:
    def __init__(self, books: Books) -> None:
        self.books = books

    def create_intent(self, values: Body) -> Body:
        intent = self.books.add(
            "pi",
            "payment_intent",
            amount=values["amount"],
            amount_received=0,
            currency=values["currency"],
            status="requires_payment_method",
            capture_method=values.get("capture_method", "automatic_async"),
            confirmation_method="automatic",
            automatic_payment_methods={"enabled": True, "allow_redirects": "always"},
            payment_method_types=["card", "us_bank_account"],
            payment_method=None,
            latest_charge=None,
            last_payment_error=None,
            next_action=None,
            canceled_at=None,
            cancellation_reason=None,
            transfer_group=values.get("transfer_group"),
            metadata=values.get("metadata", {}),
        )
        intent["client_secret"] = f"{intent['id']}_secret_of_the_payer"
        self.books.tell("payment_intent.created", intent)
        return intent

    def intent(self, id_: str) -> Body:
        return self.books.get(id_, "payment_intent")

    def cancel(self, id_: str, values: Body) -> Body:
        intent = self.intent(id_)
        if intent["status"] not in OPEN:
            raise Refusal(
                400,
                "payment_intent_unexpected_state",
                f"You cannot cancel this PaymentIntent: it is {intent['status']}.",
            )
        intent |= {"status": "canceled", "canceled_at": self.books.now()}
        intent["cancellation_reason"] = values.get("cancellation_reason")
        self.books.tell("payment_intent.canceled", intent)
        return intent

    def confirm(self, id_: str, values: Body) -> Body:
        """What the payer's browser does, with Stripe's own test payment methods."""
        intent = self.intent(id_)
        if intent["status"] not in OPEN:
            text = f"This PaymentIntent's status is {intent['status']}."
            raise Refusal(400, "payment_intent_unexpected_state", text)
        method = values.get("payment_method", "pm_card_visa")
        intent["payment_method"] = self.books.new_id("pm")
        if method in DECLINED:
            self._fail(intent, *DECLINED[method])
            code, _, text = DECLINED[method]
            raise Refusal(402, code, text, "card_error")
        if method == SCA:
            intent["status"] = "requires_action"
            intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
            self.books.tell("payment_intent.requires_action", intent)
        elif method == DEBIT:
            intent["status"] = "processing"
            self.books.tell("payment_intent.processing", intent)
        else:
            self._succeed(intent)
        return intent

    def authenticate(self, id_: str, *, ok: bool = True) -> None:
        """The payer's bank asked, and they answered."""
        intent = self.intent(id_)
        assert intent["status"] == "requires_action"
        intent["next_action"] = None
        if ok:
            self._succeed(intent)
        else:
            code = "payment_intent_authentication_failure"
            self._fail(intent, code, None, "The payer could not be authenticated.")

    def settle_debit(self, id_: str, *, ok: bool = True) -> None:
        """Days later the bank says whether it debited the payer."""
        intent = self.intent(id_)
        assert intent["status"] == "processing"
        if ok:
            self._succeed(intent)
        else:
            self._fail(intent, "payment_intent_payment_attempt_failed", None, "Insufficient funds.")

    def _fail(self, intent: Body, code: str, decline: str | None, text: str) -> None:
        intent["status"] = "requires_payment_method"
        error = {"type": "card_error", "code": code, "message": text}
        intent["last_payment_error"] = error | ({"decline_code": decline} if decline else {})
        self.books.tell("payment_intent.payment_failed", intent)

    def _succeed(self, intent: Body) -> None:
        amount, currency = intent["amount"], intent["currency"]
        charge = self.books.add(
            "ch",
            "charge",
            amount=amount,
            amount_captured=amount,
            amount_refunded=0,
            billing_details=BILLING,
            captured=True,
            currency=currency,
            disputed=False,
            metadata=dict(intent["metadata"]),
            paid=True,
            refunded=False,
            status="succeeded",
            payment_intent=intent["id"],
            transfer_group=intent["transfer_group"],
        )
        fee = amount * 29 // 1000 + 30
        charge["balance_transaction"] = self.books.move(
            "charge", charge["id"], amount, fee, currency
        )
        intent |= {"status": "succeeded", "amount_received": amount, "latest_charge": charge["id"]}
        intent["last_payment_error"] = None
        self.books.tell("charge.succeeded", charge)
        self.books.tell("payment_intent.succeeded", intent)

    def create_refund(self, values: Body) -> Body:
        charge = self.books.get(values["charge"], "charge")
        amount = values.get("amount", charge["amount"] - charge["amount_refunded"])
        disputes = [d for d in self.books.of_kind("dispute") if d["charge"] == charge["id"]]
        lost = sum(one["amount"] for one in disputes if one["status"] == "lost")
        if amount + charge["amount_refunded"] + lost > charge["amount"]:
            text = f"Refund amount ({amount}) is greater than unrefunded amount on charge"
            raise Refusal(400, "charge_already_refunded", text)
        if any(one["status"] not in {"won", "lost"} for one in disputes):
            raise Refusal(400, "charge_disputed", "The charge has been charged back.")
        currency = charge["currency"]
        if self.books.platform[currency] + self.books.fees[currency] < amount:
            text = "You have insufficient funds in your Stripe account for this refund."
            raise Refusal(400, "balance_insufficient", text)
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        refund = self.books.add(
            "re",
            "refund",
            amount=amount,
            charge=charge["id"],
            payment_intent=charge["payment_intent"],
            currency=charge["currency"],
            metadata=values.get("metadata", {}),
            reason=values.get("reason"),
            status="succeeded",
        )
        refund["balance_transaction"] = self.books.move(
            "refund", refund["id"], -amount, 0, currency
        )
        self.books.tell("charge.refunded", charge)
        self.books.tell("refund.created", refund)
        return refund

    def fail_refund(self, id_: str) -> None:
        """The payer's bank sends the money back, as for a closed account."""
        refund = self.books.get(id_, "refund")
        charge = self.books.get(refund["charge"], "charge")
        refund |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
        refund["failure_balance_transaction"] = self.books.move(
            "refund_failure", refund["id"], refund["amount"], 0, refund["currency"]
        )
        charge["amount_refunded"] -= refund["amount"]
        charge["refunded"] = False
        self.books.tell("refund.failed", refund)

    def refunds(self, values: Body) -> list[Body]:
        found: Any = self.books.of_kind("refund")
        return [one for one in found if values.get("charge") in {None, one["charge"]}]
