"""Chargebacks: opened by a payer's bank, contested or accepted by the platform, decided."""

from tests.fakes.stripe.books import Body, Books, Refusal

FEE = 1500
WEEK = 7 * 24 * 3600
ANSWERABLE = {"needs_response", "warning_needs_response"}


class Disputes:
    def __init__(self, books: Books) -> None:
        self.books = books

    def open(self, charge_id: str, amount: int | None = None) -> Body:
        charge = self.books.get(charge_id, "charge")
        charge["disputed"] = True
        amount = charge["amount"] if amount is None else amount
        dispute = self.books.add(
            "dp",
            "dispute",
            amount=amount,
            balance_transactions=[],
            charge=charge_id,
            payment_intent=charge["payment_intent"],
            currency=charge["currency"],
            enhanced_eligibility_types=[],
            evidence=_evidence(),
            evidence_details=_details(self.books.now() + WEEK),
            is_charge_refundable=False,
            metadata={},
            reason="fraudulent",
            status="needs_response",
        )
        self._move(dispute, "adjustment", -amount, FEE)
        self.books.tell("charge.dispute.created", dispute)
        self.books.tell("charge.dispute.funds_withdrawn", dispute)
        return dispute

    def _move(self, dispute: Body, kind: str, amount: int, fee: int) -> None:
        moved = self.books.move(kind, dispute["id"], amount, fee, dispute["currency"])
        dispute["balance_transactions"].append(self.books.objects[moved])

    def dispute(self, id_: str) -> Body:
        return self.books.get(id_, "dispute")

    def update(self, id_: str, values: Body) -> Body:
        dispute = self._answerable(id_)
        dispute["evidence"] |= values.get("evidence", {})
        dispute["evidence_details"]["has_evidence"] = True
        if values.get("submit"):
            dispute["evidence_details"]["submission_count"] = 1
            dispute["status"] = "under_review"
        self.books.tell("charge.dispute.updated", dispute)
        return dispute

    def close(self, id_: str) -> Body:
        dispute = self._answerable(id_)
        self.decide(id_, won=False)
        return dispute

    def _answerable(self, id_: str) -> Body:
        dispute = self.dispute(id_)
        if dispute["status"] not in ANSWERABLE:
            raise Refusal(400, "dispute_not_answerable", "This dispute is not open for a response.")
        return dispute

    def decide(self, id_: str, *, won: bool) -> None:
        """The card network has decided; who won gets the money back, and the fee with it."""
        dispute = self.dispute(id_)
        dispute["status"] = "won" if won else "lost"
        if won:
            self._move(dispute, "adjustment", dispute["amount"], -FEE)
            self.books.get(dispute["charge"], "charge")["disputed"] = False
            self.books.tell("charge.dispute.funds_reinstated", dispute)
        self.books.tell("charge.dispute.closed", dispute)


def _details(due_by: int) -> Body:
    return {
        "due_by": due_by,
        "enhanced_eligibility": {},
        "has_evidence": False,
        "past_due": False,
        "submission_count": 0,
    }


def _evidence() -> Body:
    names = (
        "access_activity_log billing_address cancellation_policy cancellation_policy_disclosure"
        " cancellation_rebuttal customer_communication customer_email_address customer_name"
        " customer_purchase_ip customer_signature duplicate_charge_documentation"
        " duplicate_charge_explanation duplicate_charge_id product_description receipt"
        " refund_policy refund_policy_disclosure refund_refusal_explanation service_date"
        " service_documentation shipping_address shipping_carrier shipping_date"
        " shipping_documentation shipping_tracking_number uncategorized_file uncategorized_text"
    )
    return dict.fromkeys(names.split()) | {"enhanced_evidence": {}}
