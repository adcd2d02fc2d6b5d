"""The fake at the HTTP door: what the real SDK says to it goes over a socket, as to Stripe."""

import asyncio
import copy
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.fakes.stripe.accounts import Accounts
from tests.fakes.stripe.books import Body, Books, Refusal
from tests.fakes.stripe.checking import FORM, find_operation
from tests.fakes.stripe.disputes import Disputes
from tests.fakes.stripe.faults import Fault, Faults
from tests.fakes.stripe.forms import decode
from tests.fakes.stripe.payments import Payments
from tests.fakes.stripe.transfers import Transfers

Answer = tuple[int, Body]
Handler = Callable[[dict[str, str], Body], Any]


class StripeFake:
    """Stripe in one process. Its parts are public, for what payers, payees and banks do."""

    def __init__(self, now: Callable[[], int], key: str = "sk_test_fake") -> None:
        self.key = key
        self.books = Books(now)
        self.faults = Faults()
        self.payments = Payments(self.books)
        self.transfers = Transfers(self.books)
        self.accounts = Accounts(self.books)
        self.disputes = Disputes(self.books)
        self.calls: list[str] = []
        self.errors: list[str] = []
        self._answered: dict[str, tuple[str, Answer]] = {}
        self._snapshots: Callable[[Body], Body] = copy.deepcopy
        self.url = ""
        routes = [
            Route("/setup/{account}", self._set_up),
            Route("/{path:path}", self._answer, methods=["GET", "POST", "DELETE"]),
        ]
        self.app = Starlette(routes=routes)

    def show_by(self, snapshot: Callable[[Body], Body]) -> None:
        """Show objects as this says, as when a replica lags behind."""
        self._snapshots = snapshot

    async def _set_up(self, request: Request) -> Response:
        """Stripe's onboarding page: whoever opens it has given everything."""
        self.accounts.onboard(request.path_params["account"])
        return PlainTextResponse("That is all that Stripe wanted of you.\n")

    async def _answer(self, request: Request) -> Response:
        called = f"{request.method} {request.url.path}"
        self.calls.append(called)
        fault = self.faults.next()
        if fault and not fault.is_after:
            return _broken(fault)
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return _rendered(_refused(Refusal(401, "api_key_invalid", "Invalid API Key", "")))
        answer = await self._keyed(request)
        if fault is Fault.SLOW_AFTER:
            await asyncio.sleep(self.faults.slow_seconds)
        return _broken(fault) if fault else _rendered(answer)

    async def _keyed(self, request: Request) -> Answer:
        """The same key gives the same answer; with other parameters it is refused."""
        key = request.headers.get("idempotency-key")
        if request.method != "POST" or key is None:
            return await self._executed(request)
        asked = f"{request.url.path} {(await request.body()).decode()}"
        if key in self._answered:
            before, answer = self._answered[key]
            if before != asked:
                text = "Keys for idempotent requests can only be used with the same parameters."
                return _refused(Refusal(400, "idempotency_key_in_use", text, "idempotency_error"))
            return answer
        answer = await self._executed(request)
        self._answered[key] = (asked, answer)
        return answer

    def forget_keys(self) -> None:
        """A day has passed: Stripe keeps no key for longer."""
        self._answered.clear()

    async def _executed(self, request: Request) -> Answer:
        operation = find_operation(request.method, request.url.path)
        if operation is None:
            return _refused(Refusal(404, "unrecognized_request_url", "Unrecognized request URL"))
        if request.method == "POST":
            assert request.headers.get("content-type", FORM) == FORM
        encoded = (await request.body()).decode() if request.method == "POST" else request.url.query
        values = decode(encoded, operation.schema())
        if wrong := operation.problem(values):
            self.errors.append(f"{request.method} {request.url.path}: {wrong}")
            return _refused(Refusal(400, "parameter_invalid", wrong))
        account = request.headers.get("stripe-account")
        try:
            body = self._handled(
                f"{operation.method} {operation.path}", operation.names, values, account
            )
            if "url" in body and body["object"] == "list":
                body["url"] = request.url.path
            shown = self._expanded(self._snapshots(body), values.get("expand", []))
            operation.require(shown)
        except Refusal as refusal:
            return _refused(refusal)
        except Exception as error:
            self.errors.append(f"{request.method} {request.url.path}: {error!r}")
            raise
        return 200, shown

    def _handled(
        self, operation: str, names: dict[str, str], values: Body, account: str | None
    ) -> Body:
        id_ = next(iter(names.values()), "")
        handlers: dict[str, Callable[[], Any]] = {
            "POST /v1/payment_intents": lambda: self.payments.create_intent(values),
            "GET /v1/payment_intents/{intent}": lambda: self.payments.intent(id_),
            "POST /v1/payment_intents/{intent}/cancel": lambda: self.payments.cancel(id_, values),
            "POST /v1/payment_intents/{intent}/confirm": lambda: self.payments.confirm(id_, values),
            "POST /v1/refunds": lambda: self.payments.create_refund(values),
            "GET /v1/refunds": lambda: _page(self.payments.refunds(values), values),
            "GET /v1/refunds/{refund}": lambda: self.books.get(id_, "refund"),
            "GET /v1/charges/{charge}": lambda: self.books.get(id_, "charge"),
            "POST /v1/transfers": lambda: self.transfers.create(values),
            "GET /v1/transfers": lambda: _page(self.transfers.transfers(values), values),
            "GET /v1/transfers/{transfer}": lambda: self.books.get(id_, "transfer"),
            "POST /v1/transfers/{id}/reversals": lambda: self.transfers.reverse(id_, values),
            "GET /v1/transfers/{id}/reversals": lambda: _page(
                self.transfers.reversals(id_), values
            ),
            "GET /v1/payouts/{payout}": lambda: self.books.get(id_, "payout"),
            "POST /v1/accounts": lambda: self.accounts.create(values),
            "GET /v1/accounts/{account}": lambda: self.accounts.account(id_),
            "POST /v1/account_links": lambda: self.accounts.link(values),
            "GET /v1/disputes/{dispute}": lambda: self.disputes.dispute(id_),
            "POST /v1/disputes/{dispute}": lambda: self.disputes.update(id_, values),
            "POST /v1/disputes/{dispute}/close": lambda: self.disputes.close(id_),
            "GET /v1/balance": lambda: self._balance(account),
            "GET /v1/balance_transactions": lambda: _page(self._transactions(values), values),
            "GET /v1/events": lambda: _page(list(reversed(self.books.events)), values),
        }
        handler = handlers.get(operation)
        if handler is None:
            raise Refusal(404, "unrecognized_request_url", f"the fake has no {operation}")
        body: Body = handler()
        return body

    def _balance(self, account: str | None) -> Body:
        balances = self.books.accounts[account] if account else self.books.platform
        found = [
            {"amount": amount, "currency": currency, "source_types": {"card": amount}}
            for currency, amount in sorted(balances.items())
        ] or [{"amount": 0, "currency": "usd", "source_types": {"card": 0}}]
        nothing = [{**one, "amount": 0, "source_types": {"card": 0}} for one in found]
        return {"object": "balance", "livemode": False, "available": found, "pending": nothing}

    def _transactions(self, values: Body) -> list[Body]:
        created = values.get("created", {})
        return [
            one
            for one in reversed(self.books.transactions)
            if created.get("gte", 0) <= one["created"] < created.get("lt", 2**62)
        ]

    def _expanded(self, body: Body, paths: list[str]) -> Body:
        for path in paths:
            _expand(self.books, body, path.split("."))
        return body


def _page(found: list[Body], values: Body) -> Body:
    """A keyset page, newest first."""
    after = values.get("starting_after")
    if after:
        place = next(number for number, one in enumerate(found) if one["id"] == after)
        found = found[place + 1 :]
    limit = values.get("limit", 10)
    more = len(found) > limit
    return {"object": "list", "data": found[:limit], "has_more": more, "url": "/v1/list"}


def _expand(books: Books, body: Any, path: list[str]) -> None:
    name, *rest = path
    if isinstance(body, list):
        for item in body:
            _expand(books, item, path)
        return
    value = body.get(name)
    if isinstance(value, str):
        value = body[name] = copy.deepcopy(books.objects[value])
    if rest and value:
        _expand(books, value, rest)


def _refused(refusal: Refusal) -> Answer:
    error = {"type": refusal.kind, "code": refusal.code, "message": refusal.message}
    return refusal.status, {"error": error}


def _rendered(answer: Answer) -> Response:
    status, body = answer
    return JSONResponse(body, status, {"request-id": "req_1"})


def _broken(fault: Fault) -> Response:
    if fault is Fault.RATE_LIMIT:
        return _rendered(_refused(Refusal(429, "rate_limit", "Too many requests")))
    if fault in {Fault.ERROR, Fault.ERROR_AFTER}:
        return _rendered(_refused(Refusal(500, "", "Something went wrong", "api_error")))
    return _Reset()


class _Reset(Response):
    """Ends the connection in the middle of an answer."""

    async def __call__(
        self,
        scope: Scope,  # noqa: ARG002 - it answers whatever was asked
        receive: Receive,  # noqa: ARG002
        send: Send,
    ) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps({}).encode()})


@asynccontextmanager
async def serving(fake: StripeFake, port: int = 0) -> AsyncIterator[StripeFake]:
    """Run a fake on a port of the loopback address, in this event loop."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    server = uvicorn.Server(
        uvicorn.Config(fake.app, log_level="critical", lifespan="off", ws="none", http="h11")
    )
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve(sockets=[listener]))
    fake.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.005)
    try:
        yield fake
    finally:
        server.should_exit = True
        await task
        listener.close()
