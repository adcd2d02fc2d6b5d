"""The webhook inbox over HTTP against a bare handler that inserts one row and checks nothing."""

import json
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final

import asyncpg
import stripe

from benchmarks.load import Letters, Measured
from benchmarks.place import Place
from benchmarks.report import Bar, Run, interleave, judge, rates, tails
from benchmarks.scale import Scale
from benchmarks.servers import bare, product
from marketplace.settings import Settings

CONNECTIONS: Final = 16
PER_SECOND_MAX: Final = 6_000
SECRET: Final = "whsec_of_the_benchmark"

ACCEPTED: Final = Bar(0.5)
TAIL: Final = Bar(4, at_most=True)
INTENT: Final = {
    "object": "payment_intent",
    "amount": 100_000,
    "currency": "usd",
    "status": "succeeded",
    "metadata": {"payment": "0" * 32, "subject": "deal:" + "0" * 32},
    "description": "as long as Stripe's own: " + "x" * 1_000,
}


@dataclass
class Sender:
    """Signs events that were never sent, and sends them."""

    settings: Settings
    seconds: int
    numbers: Any

    def send(self, url: str) -> Measured:
        return Letters(url, self._written()).run(CONNECTIONS, self.seconds)

    def _written(self) -> Path:
        """Signed now: an event of five minutes ago is not believed."""
        file = self.settings.data_dir / "letters"
        with file.open("w") as letters:
            for _ in range(PER_SECOND_MAX * self.seconds):
                body = json.dumps(_event(next(self.numbers)))
                header = stripe.WebhookSignature.generate_signature_header(
                    body, SECRET, timestamp=int(time.time())
                )
                letters.write(f"{header}\t{body}\n")
        return file


def _event(number: int) -> dict[str, Any]:
    subject = {"id": f"pi_{number:024}", **INTENT}
    type_ = "payment_intent.succeeded"
    return {
        "id": f"evt_{number:024}",
        "object": "event",
        "type": type_,
        "data": {"object": subject},
    }


def measure_inbox(place: Place, scale: Scale) -> None:
    settings = place.database("inbox", _nothing, anew=True)
    sender = Sender(settings, min(scale.seconds, 5), count())
    with ExitStack() as running:
        mine = running.enter_context(product(settings, MARKETPLACE_STRIPE_WEBHOOK_SECRETS=SECRET))
        floor = running.enter_context(bare(settings))
        contenders: dict[str, Run] = {
            "inbox": partial(sender.send, mine),
            "bare insert": partial(sender.send, floor),
        }
        found = interleave(contenders, scale.rounds)
    judge("inbox, x a bare handler", rates(found, "inbox", "bare insert"), ACCEPTED)
    judge("inbox, p99 / p50", tails(found, "inbox"), TAIL)


async def _nothing(_: asyncpg.Connection) -> None:
    """An empty database will do."""
