"""Valuation institutions, orders and reports, as people and partners make them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx2
from sqlalchemy import select, text
from sqlmodel import col

from marketplace.accounts.designations.lifecycle import DesignationState
from marketplace.accounts.designations.models import (
    Designation,
    DesignationPeriod,
    PeriodStatus,
    Sector,
)
from marketplace.accounts.designations.service import note_step
from marketplace.accounts.models import OrganisationKind
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.clocks import run_all_due
from marketplace.kernel.db import Sessions, now
from marketplace.kernel.lifecycle import BY_SYSTEM, begin
from marketplace.payments.funding.models import PaymentRequest
from marketplace.payments.lifecycle import PaymentRequestState
from marketplace.valuation.assignments.engine import assign_due
from marketplace.valuation.orders.models import ValuationPayer
from marketplace.valuation.orders.service import fund
from marketplace.wiring import CLOCKS
from tests.factories.bank import BankDesk
from tests.factories.deals import credit, ok, right_body
from tests.factories.people import Person, person

ALL_FIELDS = list(range(1, 36))
ALL_PURPOSES = ["loan", "guarantee", "investment", "transaction", "transfer"]
PROFILE = {"fields": ALL_FIELDS, "purposes": ALL_PURPOSES, "regions": [], "capacity": 5}
FEE_MINOR = 5_000_000
ROYALTY = {
    "method": "relief_from_royalty",
    "currency": "KRW",
    "revenues_minor": [100_000_000, 120_000_000, 140_000_000, 130_000_000, 110_000_000],
    "royalty_rate": 0.05,
    "tax_rate": 0.22,
    "discount_rate": 0.15,
    "timing": "end_year",
    "range": {
        "kind": "sensitivity",
        "over": {"royalty_rate": {"low": 0.03, "mode": 0.05, "high": 0.07}},
    },
}
"""The worked numbers of the domain: 15 551 772 won."""
POINT_MINOR = 15_551_772


def report_body(point_minor: int = POINT_MINOR, **changed: Any) -> dict[str, Any]:
    return {
        "calculations": [ROYALTY | {"purpose": "transaction"}],
        "rejected": [{"method": "comparables", "reason": "no licence of the field is public"}],
        "point_minor": point_minor,
        "low_minor": min(point_minor, 10_000_000),
        "high_minor": max(point_minor, 20_000_000),
        "reconciliation": "소득접근법만 사용하였다.",
        "basis_of_value": "market value",
        "standard": "IVS 210",
        "assumptions": ["연차료를 납부한다."],
        "information_sources": ["register extract"],
        "appraisers": [{"name": "김평가", "qualification": "변리사, 12년"}],
        "subcontractors": [],
        "independent": True,
    } | changed


async def institution(
    client: httpx2.AsyncClient,
    sessions: Sessions,
    name: str = "Institution",
    *,
    since: date = date(2020, 1, 1),
    **profile: Any,
) -> Person:
    """A designated institution with a profile, and somebody who acts for it."""
    kind = OrganisationKind.VALUATION_INSTITUTION
    who = await person(client, sessions, kind=kind, name=name)
    await designate(sessions, who.organisation_id, since=since)
    await ok(await who.put("/v1/valuation/institution-profile", PROFILE | profile))
    return who


async def designate(sessions: Sessions, organisation_id: UUID, *, since: date) -> None:
    async with sessions.begin() as session:
        designation = Designation(
            created_at=now(session),
            organisation_id=organisation_id,
            sector=Sector.PRIVATE,
            designated_on=since,
        )
        begin(session, designation, BY_SYSTEM)
        await session.flush()
        note_step(session, designation, "designate", since, "notice 2020-1")
        session.add(
            DesignationPeriod(
                created_at=now(session),
                designation_id=designation.id,
                organisation_id=organisation_id,
                sector=Sector.PRIVATE,
                status=PeriodStatus.DESIGNATED,
                valid_from=since,
            )
        )
        await session.execute(
            text("UPDATE designation SET state = :state, due_at = NULL WHERE id = :id"),
            {"state": DesignationState.DESIGNATED, "id": designation.id},
        )


@dataclass
class Desk:
    """A client, its right, some institutions and an operator, in one test transaction."""

    client: httpx2.AsyncClient
    sessions: Sessions
    clock: ShiftedClock
    bank: BankDesk
    owner: Person
    right_id: str
    institutions: list[Person] = field(default_factory=list)

    @classmethod
    async def open(
        cls, client: httpx2.AsyncClient, sessions: Sessions, clock: ShiftedClock, count: int = 3
    ) -> "Desk":
        bank = await BankDesk.open(client, sessions)
        owner = await person(client, sessions, name="Owner")
        right = await ok(await owner.post("/v1/rights", right_body()))
        desk = cls(client, sessions, clock, bank, owner, right["id"])
        for number in range(count):
            desk.institutions.append(await institution(client, sessions, f"Institution {number}"))
        return desk

    @property
    def operator(self) -> Person:
        return self.bank.operator

    @property
    def today(self) -> date:
        return self.clock.now().date()

    def body(self, **changed: Any) -> dict[str, Any]:
        return {
            "right_ids": [self.right_id],
            "purpose": "transaction",
            "client_role": "owner",
            "base_date": str(self.today - timedelta(days=1)),
            "deadline": str(self.today + timedelta(days=60)),
            "fee": {"amount_minor": FEE_MINOR, "currency": "KRW"},
        } | changed

    async def place(self, **changed: Any) -> dict[str, Any]:
        placed = await self.owner.post("/v1/valuation/orders", self.body(**changed))
        return dict(await ok(placed))

    async def read(self, order: dict[str, Any], who: Person | None = None) -> dict[str, Any]:
        path = f"/v1/valuation/orders/{order['id']}"
        return dict(await ok(await (who or self.owner).get(path)))

    async def pay(self, order: dict[str, Any]) -> None:
        """Every payer pays what is asked of them, and an institution is drawn."""
        found = await self.read(order, self.operator)
        lines = [
            credit(payer["payment"]["amount"]["amount_minor"], payer["payment"]["reference"])
            for payer in found["payers"]
            if not payer["paid"]
        ]
        await self.bank.bank(*lines)
        await self.hear()
        await self.draw()

    async def hear(self) -> None:
        """What the worker does with the news that payers have paid."""
        async with self.sessions.begin() as session:
            query = select(ValuationPayer).join(
                PaymentRequest,
                col(PaymentRequest.subject) == text("'valuation_payer:' || valuation_payer.id"),
            )
            query = query.where(col(PaymentRequest.state) == PaymentRequestState.PAID)
            for payer in (await session.execute(query)).scalars().all():
                await fund(session, payer.id)

    async def draw(self) -> int:
        return await assign_due(self.sessions, ZoneInfo("Asia/Seoul"))

    async def ordered(self, **changed: Any) -> dict[str, Any]:
        """An order that is paid for."""
        order = await self.place(**changed)
        await self.pay(order)
        return order

    async def cases(self, state: str = "offered") -> list[tuple[Person, dict[str, Any]]]:
        """Who has which case in a state."""
        found = []
        for who in self.institutions:
            page = await ok(await who.get("/v1/valuation/assignments", state=state, limit=100))
            found += [(who, case) for case in page["items"]]
        return found

    async def case(self, state: str = "offered") -> tuple[Person, dict[str, Any]]:
        (found,) = await self.cases(state)
        return found

    async def act(self, who: Person, case: dict[str, Any], name: str, body: Any = None) -> Any:
        return await ok(await who.post(f"/v1/valuation/assignments/{case['id']}/{name}", body))

    async def report(
        self, who: Person, case: dict[str, Any], point_minor: int = POINT_MINOR, **changed: Any
    ) -> dict[str, Any]:
        return dict(await self.act(who, case, "report", report_body(point_minor, **changed)))

    async def finish(self, points_minor: Sequence[int] = (POINT_MINOR,)) -> list[dict[str, Any]]:
        """Whoever is asked accepts and reports."""
        found = []
        for (who, case), point_minor in zip(await self.cases(), points_minor, strict=True):
            await self.act(who, case, "accept")
            found.append(await self.report(who, case, point_minor))
        return found

    async def pass_time(self, **span: float) -> None:
        self.clock.offset += timedelta(**span)
        while await run_all_due(self.sessions, CLOCKS):
            pass
        await self.draw()

    async def owed(self, who: Person) -> int:
        return await self.bank.owed_to(who)
