"""Events on their way: signed as Stripe signs, late, twice and in any order, until acknowledged."""

import json
import time
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import stripe

from tests.fakes.stripe.books import Body, Books
from tests.fakes.stripe.checking import require_event

Post = Callable[[bytes, dict[str, str]], Awaitable[int]]
"""Sends a body with headers to the endpoint, and says which status came back."""


def signed(event: Body | bytes, secret: str, *, at: int | None = None) -> tuple[bytes, Any]:
    """The body of an event as it is sent, and the headers that prove it is Stripe's."""
    body = event if isinstance(event, bytes) else json.dumps(event, indent=2).encode()
    header = stripe.WebhookSignature.generate_signature_header(
        body.decode(), secret, timestamp=at or int(time.time())
    )
    return body, {"stripe-signature": header, "content-type": "application/json"}


class Courier:
    """Delivers what the fake has to tell, as often and in whatever order the test wants."""

    def __init__(self, books: Books, secret: str, post: Post) -> None:
        self.books, self.secret, self.post = books, secret, post
        self.told = 0

    async def deliver(self, *, dice: Random | None = None, copies: int = 1) -> int:
        """Send all new events; with dice in another order, each `copies` times."""
        new = self.books.events[self.told :]
        self.told = len(self.books.events)
        letters = [event for event in new for _ in range(copies)]
        if dice:
            dice.shuffle(letters)
        for event in letters:
            await self.send(event)
        return len(letters)

    async def send(self, event: Body) -> None:
        """Until the endpoint acknowledges it; Stripe gives up after three days."""
        require_event(event)
        for _ in range(5):
            if await self.post(*signed(event, self.secret)) // 100 == 2:
                return
        raise AssertionError(f"{event['type']} was never acknowledged")
