"""Transfers to connected accounts, their reversals, and the platform's own payouts."""

from tests.fakes.stripe.books import Body, Books, Refusal


class Transfers:
    def __init__(self, books: Books) -> None:
        self.books = books

    def create(self, values: Body) -> Body:
        amount, currency = values["amount"], values["currency"]
        account = self.books.get(values["destination"], "account")
        if account["capabilities"].get("transfers") != "active":
            text = "Your destination account needs to have the transfers capability enabled."
            raise Refusal(400, "insufficient_capabilities_for_transfer", text)
        self._require_funds(values.get("source_transaction"), amount, currency)
        transfer = self.books.add(
            "tr",
            "transfer",
            amount=amount,
            amount_reversed=0,
            currency=currency,
            destination=account["id"],
            source_transaction=values.get("source_transaction"),
            transfer_group=values.get("transfer_group"),
            metadata=values.get("metadata", {}),
            reversed=False,
            reversals={"object": "list", "data": [], "has_more": False, "url": "/v1/transfers"},
        )
        transfer["balance_transaction"] = self.books.move(
            "transfer", transfer["id"], -amount, 0, currency
        )
        self.books.accounts[account["id"]][currency] += amount
        self.books.tell("transfer.created", transfer)
        return transfer

    def _require_funds(self, source: str | None, amount: int, currency: str) -> None:
        """From a charge, what of it was not transferred yet; else from what is available."""
        if source is None:
            if self.books.platform[currency] < amount:
                text = "You have insufficient available funds in your Stripe account."
                raise Refusal(400, "balance_insufficient", text)
            return
        charge = self.books.get(source, "charge")
        taken = [t for t in self.books.of_kind("transfer") if t["source_transaction"] == source]
        if sum(one["amount"] for one in taken) + amount > charge["amount"]:
            text = "The transfers of this charge would exceed its amount."
            raise Refusal(400, "transfer_source_exceeded", text)

    def transfers(self, values: Body) -> list[Body]:
        group = values.get("transfer_group")
        found = self.books.of_kind("transfer")
        return [one for one in found if group in {None, one["transfer_group"]}]

    def reverse(self, id_: str, values: Body) -> Body:
        transfer = self.books.get(id_, "transfer")
        left = transfer["amount"] - transfer["amount_reversed"]
        amount, currency = values.get("amount", left), transfer["currency"]
        there = self.books.accounts[transfer["destination"]]
        if amount > left:
            raise Refusal(400, "transfer_already_reversed", "More than is left of the transfer.")
        if there[currency] < amount:
            text = "The connected account has insufficient funds to reverse the transfer."
            raise Refusal(400, "balance_insufficient", text)
        there[currency] -= amount
        transfer["amount_reversed"] += amount
        transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
        reversal = self.books.add(
            "trr",
            "transfer_reversal",
            amount=amount,
            currency=currency,
            transfer=id_,
            metadata=values.get("metadata", {}),
            destination_payment_refund=None,
            source_refund=None,
        )
        reversal["balance_transaction"] = self.books.move(
            "transfer_refund", reversal["id"], amount, 0, currency
        )
        self.books.tell("transfer.reversed", transfer)
        return reversal

    def reversals(self, id_: str) -> list[Body]:
        return [one for one in self.books.of_kind("transfer_reversal") if one["transfer"] == id_]

    def pay_out_platform(self, amount: int, currency: str) -> Body:
        """Stripe's own schedule: a part of the balance goes to the platform's bank."""
        payout = self.books.add(
            "po",
            "payout",
            amount=amount,
            currency=currency,
            arrival_date=self.books.now(),
            automatic=True,
            method="standard",
            reconciliation_status="in_progress",
            source_type="card",
            status="in_transit",
            type="bank_account",
            metadata={},
        )
        payout["balance_transaction"] = self.books.move(
            "payout", payout["id"], -amount, 0, currency
        )
        self.books.tell("payout.created", payout)
        return payout

    def fail_platform_payout(self, id_: str) -> None:
        payout = self.books.get(id_, "payout")
        payout |= {"status": "failed", "failure_code": "account_closed"}
        payout["failure_balance_transaction"] = self.books.move(
            "payout_failure", payout["id"], payout["amount"], 0, payout["currency"]
        )
        self.books.tell("payout.failed", payout)

    def pay_out_account(self, account: str, amount: int, currency: str) -> None:
        """A payee takes money from their Stripe balance to their bank."""
        assert self.books.accounts[account][currency] >= amount
        self.books.accounts[account][currency] -= amount
