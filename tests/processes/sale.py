"""A deal from the register to the release, over HTTP, one step at a time."""

import subprocess
import sys
from collections.abc import Callable

from tests.factories.deals import PRICE_MINOR, credit, right_body, statement
from tests.processes.caller import Caller
from tests.processes.service import Service, clean_environment, until


def command(service: Service, *words: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "marketplace", *words, "--data-dir", str(service.data_dir)],
        env=clean_environment(**environment),
        cwd=service.log.parent,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def finish(process: subprocess.Popen[str]) -> str:
    said, _ = process.communicate()
    assert process.returncode == 0, said
    return said


class Sale:
    """A seller, a buyer and an operator, and how far they have come."""

    def __init__(self, service: Service) -> None:
        self.seller, self.buyer = Caller(service.url), Caller(service.url)
        self.operator = Caller(service.url)
        password = "password of operator"
        finish(
            command(service, "operators", "create", "operator@example.com", "--password", password)
        )
        self.operator.sign_in("operator")
        self.seller.sign_up("seller")
        self.buyer.sign_up("buyer")
        self.right_id = self.listing_id = self.negotiation_id = self.deal = ""

    def close(self) -> None:
        for caller in (self.seller, self.buyer, self.operator):
            caller.close()

    def steps(self) -> list[Callable[[], object]]:
        return [
            self.register,
            self.draft,
            self.publish,
            self.offer,
            self.accept,
            lambda: self.sign(self.seller),
            lambda: self.sign(self.buyer),
            self.pay,
            lambda: until(lambda: self.state() == "funded", "not funded"),
            lambda: self.seller.post(f"{self.deal}/file-transfer"),
            lambda: self.operator.post(f"{self.deal}/record", {"evidence": "an extract"}),
            lambda: self.buyer.post(f"{self.deal}/release"),
        ]

    def register(self) -> None:
        self.right_id = self.seller.post("/v1/rights", right_body())["id"]

    def draft(self) -> None:
        about = {"title": "A patent", "teaser": "Good", "language": "en", "currency": "KRW"}
        listing = {"right_id": self.right_id, "asking_price_minor": PRICE_MINOR, **about}
        self.listing_id = self.seller.post("/v1/listings", listing)["id"]

    def publish(self) -> None:
        self.seller.post(f"/v1/listings/{self.listing_id}/publish")

    def offer(self) -> None:
        price = {"price": {"amount_minor": PRICE_MINOR, "currency": "KRW"}}
        path = f"/v1/listings/{self.listing_id}/offers"
        self.negotiation_id = self.buyer.post(path, price)["id"]

    def accept(self) -> None:
        path = f"/v1/negotiations/{self.negotiation_id}/accept"
        self.deal = f"/v1/deals/{self.seller.post(path, {'offer_number': 1})['id']}"

    def sign(self, who: Caller) -> None:
        sha256 = who.get(f"{self.deal}/agreement")["sha256"]
        who.post(f"{self.deal}/sign", {"sha256": sha256})

    def pay(self) -> None:
        payment = self.buyer.get(self.deal)["payment"]
        line = credit(payment["amount"]["amount_minor"], payment["reference"], entry="e1")
        self.operator.upload("/v1/bank-statements", statement(line))

    def state(self) -> str:
        return str(self.buyer.get(self.deal)["state"])
