"""Solicitations brought to their states through the API."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.clocks import Clock, run_due
from marketplace.kernel.db import Sessions
from marketplace.listings.solicitations import service
from marketplace.listings.solicitations.models import Solicitation
from tests.factories.deals import ok
from tests.factories.ideas import Idea
from tests.factories.people import Person

CLOCK = Clock(Solicitation, {"go_on": service.go_on, "award_none": service.end_unawarded})
OPEN_DAYS = 10


def task(clock: ShiftedClock, **changed: Any) -> dict[str, Any]:
    closes_at = (clock.now() + timedelta(days=OPEN_DAYS)).replace(microsecond=0)
    return {
        "title": "우산 보관",
        "task": "젖은 우산을 10분 안에 말리는 방법",
        "language": "ko",
        "outcome": "purchase",
        "budget_minor": 30_000_000,
        "currency": "KRW",
        "awards_max": 2,
        "compensation_minor": 100_001,
        "criteria": [
            {"name": "novelty", "weight_basis_points": 6_000},
            {"name": "cost", "weight_basis_points": 4_000},
        ],
        "closes_at": closes_at.isoformat(),
    } | changed


@dataclass
class Task:
    """A solicitation of somebody's."""

    organiser: Person
    operator: Person
    sessions: Sessions
    clock: ShiftedClock
    path: str = ""

    async def open(self, **changed: Any) -> "Task":
        made = await ok(await self.organiser.post("/v1/solicitations", task(self.clock, **changed)))
        self.path = f"/v1/solicitations/{made['id']}"
        await ok(await self.operator.post(f"{self.path}/review"))
        await ok(await self.organiser.post(f"{self.path}/open"))
        return self

    async def state(self) -> str:
        found = await ok(await self.organiser.get("/v1/solicitations/mine", limit=100))
        return next(str(s["state"]) for s in found["items"] if self.path.endswith(s["id"]))

    async def enter(self, idea: Idea) -> int:
        body = {"right_id": idea.right_id}
        return int((await ok(await idea.owner.post(f"{self.path}/submissions", body)))["number"])

    async def appoint(self, *evaluators: Person) -> None:
        for one in evaluators:
            body = {"user_id": str(one.user_id), "organisation_id": str(one.organisation_id)}
            await ok(await self.organiser.post(f"{self.path}/evaluators", body))

    async def close(self) -> None:
        """Come to the deadline, and let the worker close."""
        self.clock.offset += timedelta(days=OPEN_DAYS, seconds=1)
        await run_due(self.sessions, CLOCK)

    async def declare(self, evaluator: Person, *conflicts: Person) -> None:
        ids = [str(one.organisation_id) for one in conflicts]
        body = {"organisation_ids": ids}
        await ok(await evaluator.post(f"{self.path}/declare-conflicts", body))

    async def score(self, evaluator: Person, number: int, *scores: int) -> None:
        body = {"scores": list(scores)}
        await ok(await evaluator.put(f"{self.path}/submissions/{number}/evaluation", body))
