"""`make demo-stripe`: a patent sold by card over real HTTP, with Stripe's fake beside the service.

Everything is fresh and of its own: the database, the fake, and the people.
"""

import asyncio
import contextlib
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx2

from marketplace.demo.client import Client
from marketplace.demo.journey import _environment, _service
from marketplace.demo.waiting import wait_for
from marketplace.kernel.postgres_locks import free_port
from tests.fakes.stripe.__main__ import run
from tests.fakes.stripe.server import StripeFake

KEY: Final = "sk_test_demo"
SECRET: Final = "whsec_demo"
PRICE: Final = {"amount_minor": 2_500_00, "currency": "USD"}


@contextlib.contextmanager
def fake_stripe(webhooks: str, port: int) -> Iterator[StripeFake]:
    """The fake in a thread of its own, telling the service what happens."""
    fake = StripeFake(lambda: int(time.time()), KEY)
    loop = asyncio.new_event_loop()
    task = loop.create_task(run(fake, port, webhooks, SECRET))

    def work() -> None:
        asyncio.set_event_loop(loop)
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        wait_for(lambda: bool(fake.url), "the fake of Stripe")
        yield fake
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()


class Journey:
    """A seller who is paid by Stripe, a buyer with a card, and an operator."""

    def __init__(self, url: str, fake: StripeFake, environment: dict[str, str]) -> None:
        self.seller, self.buyer, self.operator = Client(url), Client(url), Client(url)
        self.fake, self.environment = fake, environment
        self.steps = 0

    def tell(self, line: str) -> None:
        self.steps += 1
        print(f"{self.steps:>3}. {line}", flush=True)

    def play(self) -> int:
        self.people()
        self.onboard()
        path = self.deal()
        self.pay(path)
        self.settle(path)
        self.documents()
        return self.prove()

    def command(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "marketplace", *words],
            env=self.environment,
            cwd=self.environment["PWD"],
            text=True,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
        return done.stdout

    def people(self) -> None:
        password = secrets.token_urlsafe(12)
        self.command("operators", "create", "operator@example.com", "--password", password)
        self.operator.sign_in("operator@example.com", password)
        self.seller.sign_up("seller@example.com", password, "Ada", "US", "US-CA")
        self.buyer.sign_up("buyer@example.com", password, "Bob", "US", "US-NY")
        self.tell("an inventor, a buyer and an operator signed in")

    def onboard(self) -> None:
        self.seller.post("/v1/connected-account")
        wait_for(lambda: bool(self.account()["onboarding_url"]), "the onboarding link")
        httpx2.get(self.account()["onboarding_url"], trust_env=False)
        wait_for(lambda: bool(self.account()["can_be_paid"]), "the onboarding")
        self.seller.put("/v1/payout-method", {"method": "stripe"})
        self.tell("the inventor onboarded with Stripe and is paid there")

    def account(self) -> dict[str, Any]:
        found: dict[str, Any] = self.seller.get("/v1/connected-account")
        return found

    def deal(self) -> str:
        right = {
            "kind": "patent",
            "title": "Umbrella rack that dries",
            "language": "en",
            "identifier": {"number": "US10123456B2"},
        }
        right_id = self.seller.post("/v1/rights", right)["id"]
        about = {"right_id": right_id, "title": right["title"], "teaser": "Dries in minutes."}
        asked = {"asking_price_minor": PRICE["amount_minor"], "currency": "USD", "language": "en"}
        listing = self.seller.post("/v1/listings", about | asked)
        self.seller.post(f"/v1/listings/{listing['id']}/publish")
        talks = self.buyer.post(f"/v1/listings/{listing['id']}/offers", {"price": PRICE})
        deal = self.seller.post(f"/v1/negotiations/{talks['id']}/accept", {"offer_number": 1})
        path = f"/v1/deals/{deal['id']}"
        for signer in (self.seller, self.buyer):
            signer.post(f"{path}/sign", {"sha256": signer.get(f"{path}/agreement")["sha256"]})
        self.tell("both signed a deal at 2,500.00 USD")
        for option in self.buyer.get(path)["payment"]["options"]:
            why = "" if option["possible"] else f": {option['reasons']}"
            self.tell(f"it may be paid by {option['provider']}: {option['possible']}{why}")
        return path

    def pay(self, path: str) -> None:
        request = f"/v1/payment-requests/{self.buyer.get(path)['payment']['id']}"
        self.buyer.put(f"{request}/provider", {"provider": "stripe"})
        wait_for(lambda: self.buyer.get(request)["online"]["state"] == "pending", "the payment")
        secret = self.buyer.get(f"{request}/client-secret")["client_secret"]
        address = f"{self.fake.url}/v1/payment_intents/{secret.partition('_secret')[0]}/confirm"
        card = {"payment_method": "pm_card_visa"}
        # A page would do this with Stripe.js.
        headers = {"authorization": f"Bearer {KEY}"}
        httpx2.post(address, data=card, headers=headers, trust_env=False).raise_for_status()
        wait_for(lambda: self.buyer.get(path)["state"] == "funded", "the webhook")
        self.tell("the card was charged, and the webhook came: the price is held")

    def settle(self, path: str) -> None:
        self.seller.post(f"{path}/file-transfer")
        self.operator.post(f"{path}/record", {"evidence": "Assignment recorded, reel 1 frame 1"})
        self.buyer.post(f"{path}/release")
        wait_for(lambda: any(self.fake.books.of_kind("transfer")), "the transfer")
        wait_for(lambda: self.balance() == 0, "the payout")
        (transfer,) = self.fake.books.of_kind("transfer")
        self.tell(f"released; Stripe transferred {transfer['amount'] / 100:,.2f} USD to the seller")

    def balance(self) -> int:
        owed = self.seller.get("/v1/balances")["payable"]
        return int(owed[0]["amount_minor"]) if owed else -1

    def documents(self) -> None:
        wait_for(lambda: bool(self.invoices()), "the invoice")
        invoice = self.invoices()[0]
        gross = invoice["gross"]["amount_minor"] / 100
        self.tell(f"the fee was invoiced as {invoice['number']}: {gross:,.2f} USD")
        statement = self.seller.get("/v1/payee-statements", currency="USD")
        for entry in statement["entries"]:
            amount, balance = entry["amount_minor"] / 100, entry["balance_minor"] / 100
            print(f"       {entry['description']:<20}{amount:>12,.2f}{balance:>12,.2f}")
        self.tell("that was the seller's statement of account")

    def invoices(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.seller.get("/v1/invoices")["items"]
        return found

    def prove(self) -> int:
        day = datetime.now(UTC).date().isoformat()
        for words in (
            ("payments", "reconcile", "--provider", "stripe", "--date", day),
            ("ledger", "verify"),
        ):
            print(self.command(*words), end="", flush=True)
        return 0


def main() -> None:
    """Play it; the exit code is 0 when every step and every proof held."""
    with tempfile.TemporaryDirectory(prefix="marketplace-demo-") as folder:
        Path(folder).chmod(0o711)  # the account that runs PostgreSQL has to pass through
        port = free_port()
        environment = _environment(Path(folder)) | {
            "MARKETPLACE_STRIPE_API_KEY": KEY,
            "MARKETPLACE_STRIPE_WEBHOOK_SECRETS": SECRET,
            "MARKETPLACE_STRIPE_API_BASE": f"http://127.0.0.1:{port}",
        }
        with _service(environment) as url, fake_stripe(f"{url}/v1/webhooks/stripe", port) as fake:
            code = Journey(url, fake, environment).play()
    raise SystemExit(code)


if __name__ == "__main__":
    main()
