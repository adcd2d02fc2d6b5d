"""Paying through Stripe in processes of their own: service, worker, commands, and the fake."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from marketplace.kernel.postgres_locks import free_port
from tests.factories.deals import right_body
from tests.fakes.stripe.__main__ import run
from tests.fakes.stripe.server import StripeFake
from tests.processes.caller import Caller
from tests.processes.commands import Terminal
from tests.processes.sale import command, finish
from tests.processes.service import Service, serve, until

KEY, SECRET = "sk_test_of_a_process", "whsec_of_a_process"
PRICE = {"amount_minor": 250_000, "currency": "USD"}


@contextmanager
def stripe_beside(url: str) -> Iterator[StripeFake]:
    """The fake in a thread, telling a service its news."""
    fake, port = StripeFake(lambda: int(time.time()), KEY), free_port()
    loop = asyncio.new_event_loop()
    task = loop.create_task(run(fake, port, f"{url}/v1/webhooks/stripe", SECRET))

    def work() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: bool(fake.url), "the fake does not start")
    try:
        yield fake
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()


class ServiceWithStripe(Service):
    """A service that is told by its environment where Stripe is."""

    stripe = ""

    def environment(self) -> dict[str, str]:
        return {
            "MARKETPLACE_STRIPE_API_KEY": KEY,
            "MARKETPLACE_STRIPE_WEBHOOK_SECRETS": SECRET,
            "MARKETPLACE_STRIPE_API_BASE": self.stripe,
        }

    def start(self) -> None:
        self.supervisor = serve(self.data_dir, self.port, self.log, **self.environment())


def _people(service: Service) -> tuple[Caller, Caller, Caller]:
    password = "password of operator"
    finish(command(service, "operators", "create", "operator@example.com", "--password", password))
    seller, buyer, operator = (Caller(service.url) for _ in range(3))
    for caller, name in ((seller, "seller"), (buyer, "buyer")):
        who = {"email": f"{name}@example.com", "password": f"password of {name}"}
        caller.post("/v1/users", who | {"display_name": name, "country": "US"})
        caller.sign_in(name)
    operator.sign_in("operator")
    return seller, buyer, operator


def _signed_deal(seller: Caller, buyer: Caller) -> str:
    right = seller.post("/v1/rights", right_body())
    about = {"title": "A patent", "teaser": "Good", "language": "en", "currency": "USD"}
    asked = {"right_id": right["id"], "asking_price_minor": PRICE["amount_minor"]}
    listing = seller.post("/v1/listings", about | asked)
    seller.post(f"/v1/listings/{listing['id']}/publish")
    made = buyer.post(f"/v1/listings/{listing['id']}/offers", {"price": PRICE})
    deal = seller.post(f"/v1/negotiations/{made['id']}/accept", {"offer_number": 1})
    path = f"/v1/deals/{deal['id']}"
    for signer in (seller, buyer):
        signer.post(f"{path}/sign", {"sha256": signer.get(f"{path}/agreement")["sha256"]})
    return path


def test_a_deal_is_paid_by_card_and_paid_out_to_an_account(folder: Path) -> None:
    service = ServiceWithStripe(folder / "with stripe")
    try:
        with stripe_beside(service.url) as fake:
            service.stripe = fake.url
            service.start_and_wait()
            _journey(service, fake)
    finally:
        service.close()


def _journey(service: ServiceWithStripe, fake: StripeFake) -> None:
    seller, buyer, operator = _people(service)
    seller.post("/v1/connected-account")
    until(lambda: bool(_link(seller)), "no onboarding link")
    assert httpx2.get(_link(seller), trust_env=False).is_success
    until(lambda: seller.get("/v1/connected-account")["can_be_paid"], "not onboarded")
    seller.put("/v1/payout-method", {"method": "stripe"})

    path = _signed_deal(seller, buyer)
    request = f"/v1/payment-requests/{buyer.get(path)['payment']['id']}"
    buyer.put(f"{request}/provider", {"provider": "stripe"})
    until(lambda: buyer.get(request)["online"]["state"] == "pending", "no intent")
    secret = buyer.get(f"{request}/client-secret")["client_secret"]
    intent = secret.partition("_secret")[0]
    _confirm_as_the_browser_would(fake, intent)
    until(lambda: buyer.get(path)["state"] == "funded", "not funded")

    seller.post(f"{path}/file-transfer")
    operator.post(f"{path}/record", {"evidence": "an extract"})
    buyer.post(f"{path}/release")
    until(lambda: any(fake.books.of_kind("transfer")), "no transfer")
    until(lambda: seller.get("/v1/balances")["payable"][0]["amount_minor"] == 0, "not paid out")
    (transfer,) = fake.books.of_kind("transfer")
    assert transfer["amount"] == PRICE["amount_minor"] * 95 // 100
    day = datetime.now(UTC).date().isoformat()
    words = ("payments", "reconcile", "--provider", "stripe", "--date", day)
    said = finish(command(service, *words, **service.environment()))
    assert said.endswith("2 movements compared, 0 differences\n")
    assert finish(command(service, "ledger", "verify")).count("BAD") == 0
    assert fake.errors == []
    assert KEY not in service.said()
    for caller in (seller, buyer, operator):
        caller.close()


def _link(seller: Caller) -> str:
    return str(seller.get("/v1/connected-account")["onboarding_url"] or "")


def _confirm_as_the_browser_would(fake: StripeFake, intent: str) -> None:
    address = f"{fake.url}/v1/payment_intents/{intent}/confirm"
    card = {"payment_method": "pm_card_visa"}
    headers = {"authorization": f"Bearer {KEY}"}
    assert httpx2.post(address, data=card, headers=headers, trust_env=False).is_success


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ("reconcile", "--provider", "paypal", "--date", "2026-01-05"),
            "no such provider; write one of bank, stripe",
        ),
        (
            ("reconcile", "--provider", "stripe", "--date", "2026-01-05"),
            "set MARKETPLACE_STRIPE_API_KEY",
        ),
        (("replay-webhook", "evt_nowhere"), "no event evt_nowhere is kept"),
    ],
)
def test_a_command_that_cannot_says_why(
    terminal: Terminal, words: tuple[str, ...], line: str
) -> None:
    outcome = terminal.run("payments", *words)
    assert (outcome.code, outcome.complained) == (1, f"marketplace: {line}\n")
