"""Applications in the idea store, and the companies that want them."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.clocks import Clock, run_due
from marketplace.kernel.db import Sessions
from marketplace.listings.store import service
from marketplace.listings.store.models import StoreEntry
from tests.factories.deals import ok, right_body
from tests.factories.people import Person

CLOCK = Clock(StoreEntry, {"close": service.close, "open_next": service.pass_over})
STORE = "/v1/idea-store"


async def application(author: Person, filed_on: date | None, **changed: Any) -> str:
    """An unpublished application of somebody's; returns the right's id."""
    day = filed_on.isoformat() if filed_on else None
    body = right_body(identifier=next_number(), filed_on=day) | changed
    return str((await ok(await author.post("/v1/rights", body)))["id"])


def next_number() -> dict[str, str]:
    """An application's number, which proves no grant."""
    serial = right_body()["identifier"]["number"].rpartition("-")[2]
    return {"number": f"KR 10-2026-{serial}", "document_class": "application"}


def entry_body(right_id: str, **changed: Any) -> dict[str, Any]:
    return {
        "right_id": right_id,
        "teaser": "젖은 우산을 9분 안에 말리는 선반",
        "language": "ko",
        "asking_price_minor": 50_000_000,
        "currency": "KRW",
    } | changed


@dataclass
class Shown:
    """An entry of the store."""

    author: Person
    right_id: str
    path: str
    sessions: Sessions
    clock: ShiftedClock

    @classmethod
    async def of(
        cls, author: Person, right_id: str, sessions: Sessions, clock: ShiftedClock, **about: Any
    ) -> "Shown":
        entered = await ok(await author.post(STORE, entry_body(right_id, **about)))
        return cls(author, right_id, f"{STORE}/{entered['id']}", sessions, clock)

    async def read(self) -> dict[str, Any]:
        found: dict[str, Any] = await ok(await self.author.get(self.path))
        return found

    async def outcomes(self) -> list[tuple[int, str | None]]:
        return [(one["round"], one["outcome"]) for one in (await self.read())["windows"]]

    async def apply(self, company: Person, price_minor: int = 40_000_000) -> str:
        body = {"price_minor": price_minor, "message": "for our shelves"}
        return str((await ok(await company.post(f"{self.path}/applications", body)))["id"])

    async def wait(self, days: float) -> None:
        """Let time pass, and the worker turn its clocks."""
        self.clock.offset += timedelta(days=days, seconds=1)
        while await run_due(self.sessions, CLOCK):
            pass
