"""Stripe's fake as a process: `python -m tests.fakes.stripe --webhooks URL`, until Ctrl-C."""

import argparse
import asyncio
import contextlib
import time

import httpx2

from tests.fakes.stripe.server import StripeFake, serving
from tests.fakes.stripe.webhooks import Courier

RETRY_SECONDS = 1.0
POLL_SECONDS = 0.05


async def run(fake: StripeFake, port: int, webhooks: str, secret: str) -> None:
    """Serve, and tell a service what happens, until it acknowledges each piece of news."""
    async with serving(fake, port), httpx2.AsyncClient(timeout=10, trust_env=False) as client:
        fake.accounts.setup = f"{fake.url}/setup"

        async def post(body: bytes, headers: dict[str, str]) -> int:
            return (await client.post(webhooks, content=body, headers=headers)).status_code

        courier = Courier(fake.books, secret, post)
        while True:
            await _deliver(courier)
            await asyncio.sleep(POLL_SECONDS)


async def _deliver(courier: Courier) -> None:
    while courier.told < len(courier.books.events):
        try:
            await courier.send(courier.books.events[courier.told])
            courier.told += 1
        except (httpx2.HTTPError, AssertionError):
            await asyncio.sleep(RETRY_SECONDS)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.stripe", description=__doc__)
    parser.add_argument("--port", type=int, default=12111)
    parser.add_argument("--webhooks", default="http://127.0.0.1:8000/v1/webhooks/stripe")
    parser.add_argument("--key", default="sk_test_fake")
    parser.add_argument("--secret", default="whsec_fake")
    asked = parser.parse_args()
    fake = StripeFake(lambda: int(time.time()), asked.key)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(fake, asked.port, asked.webhooks, asked.secret))


if __name__ == "__main__":
    main()
