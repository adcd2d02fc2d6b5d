"""Loans against rights brought to any state through the API itself."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any, Final

from marketplace.accounts.designations.models import (
    Designation,
    DesignationPeriod,
    PeriodStatus,
    Sector,
)
from marketplace.accounts.models import OrganisationKind
from marketplace.kernel.db import now
from tests.factories.deals import Market, credit, ok
from tests.factories.people import Person, person
from tests.factories.register import registered, tell
from tests.factories.valuations import ALL_FIELDS, report_body
from tests.factories.world import World

_SERIALS = count(8_000_001)
AMOUNT_MINOR: Final = 300_000_000
VALUE_MINOR: Final = 500_000_000
TERMS: Final[dict[str, Any]] = {
    "amount_minor": AMOUNT_MINOR,
    "ltv_max_basis_points": 6_000,
    "rate_basis_points": 540,
    "schedule": "annuity",
    "term_months": 12,
    "late_margin_basis_points": 300,
    "prepayment_fee_basis_points": 120,
}


LAVISH: Final[dict[str, Any]] = {
    "purpose": "loan",
    "client_may_name": False,
    "answer_hours": 24,
    "work_days": 14,
    "pause_days_max": 14,
    "accept_days": 7,
    "top_k": 3,
    "same_client_max": 10_000,
    "same_client_days": 365,
    "revaluation_months": 0,
    "spread_limit_basis_points": 3_000,
}


async def designated(world: World) -> Person:
    """A person of a valuation institution that is designated, and values everything."""
    found = await person(
        world.client, world.sessions, kind=OrganisationKind.VALUATION_INSTITUTION, name="Valuer"
    )
    async with world.sessions.begin() as session:
        moment, on = now(session), date(2020, 1, 1)
        about = {"organisation_id": found.organisation_id, "sector": Sector.PRIVATE}
        designation = Designation(created_at=moment, designated_on=on, **about)
        session.add(designation)
        await session.flush()
        session.add(
            DesignationPeriod(
                created_at=moment,
                designation_id=designation.id,
                status=PeriodStatus.DESIGNATED,
                valid_from=on,
                **about,
            )
        )
    profile = {"fields": ALL_FIELDS, "purposes": ["loan"], "regions": [], "capacity": 1_000}
    await ok(await found.put("/v1/valuation/institution-profile", profile))
    return found


def cost_of(minor: int) -> dict[str, Any]:
    """A calculation that comes to a value."""
    return {
        "method": "replacement_cost",
        "purpose": "loan",
        "currency": "KRW",
        "cost_minor": minor,
    }


@dataclass
class Desk:
    """A market with a borrower (its seller), lenders, a valuer and a guarantor."""

    market: Market
    lender: Person
    rival: Person
    valuer: Person
    guarantor: Person

    @classmethod
    async def open(cls, world: World) -> "Desk":
        market = await Market.open(world)
        lend = OrganisationKind.LENDER
        policy = LAVISH | {"valid_from": None, "reason": "one institution values all"}
        await ok(await market.operator.post("/v1/valuation/assignment-policies", policy))
        return cls(
            market,
            await person(world.client, world.sessions, kind=lend, name="Lender"),
            await person(world.client, world.sessions, kind=lend, name="Rival"),
            await designated(world),
            await person(
                world.client, world.sessions, kind=OrganisationKind.GUARANTOR, name="Guarantor"
            ),
        )

    @property
    def borrower(self) -> Person:
        return self.market.seller

    @property
    def world(self) -> World:
        return self.market.world

    async def right(self, owner: Person | None = None, office: str = "KR") -> str:
        """A granted patent with a known last day."""
        right_id = await registered(owner or self.borrower, office, serial=next(_SERIALS))
        await tell(self.market.operator, right_id, "filed", "2020-01-15")
        await tell(self.market.operator, right_id, "granted", "2022-01-15")
        return right_id

    async def request(self, *right_ids: str, **changed: Any) -> dict[str, Any]:
        body = {
            "amount": {"amount_minor": AMOUNT_MINOR, "currency": "KRW"},
            "term_months": 12,
            "purpose": "working capital",
            "region": "KR-26",
            "right_ids": list(right_ids),
        }
        found: dict[str, Any] = await ok(
            await self.borrower.post("/v1/financing-requests", body | changed)
        )
        return found

    async def value(self, request_id: str, minor: int = VALUE_MINOR) -> Any:
        """Order a valuation, pay for it, and let the institution that was drawn report."""
        path = f"/v1/financing-requests/{request_id}"
        await self.report(await ok(await self.order(path)), minor)
        return await ok(await self.borrower.get(path))

    async def order(self, path: str, who: Person | None = None, **changed: Any) -> Any:
        """Order a valuation for a request or a loan."""
        body = {"fee_minor": 5_000_000, "deadline": str(self.today + timedelta(days=60))}
        return await (who or self.borrower).post(f"{path}/order-valuation", body | changed)

    async def report(self, order: dict[str, Any], minor: int, **changed: Any) -> dict[str, Any]:
        """The fee is paid, an institution is drawn, and it says what the rights are worth."""
        await self.pay(*(one["payment"] for one in order["payers"]))
        cases = await ok(await self.valuer.get("/v1/valuation/assignments", state="offered"))
        (case,) = [one for one in cases["items"] if one["order_id"] == order["id"]]
        path = f"/v1/valuation/assignments/{case['id']}"
        await ok(await self.valuer.post(f"{path}/accept"))
        written = report_body(minor, calculations=[cost_of(minor)], low_minor=minor, **changed)
        found: dict[str, Any] = await ok(await self.valuer.post(f"{path}/report", written))
        await self.world.work()
        return found

    async def offer(self, request_id: str, lender: Person | None = None, **changed: Any) -> Any:
        path = f"/v1/financing-requests/{request_id}/loan-offers"
        return await (lender or self.lender).post(path, TERMS | changed)

    async def agreed(self, *right_ids: str, **changed: Any) -> dict[str, Any]:
        """A loan whose contract waits for signatures."""
        request = await self.request(*right_ids)
        await self.value(request["id"])
        offer = await ok(await self.offer(request["id"], **changed))
        found: dict[str, Any] = await ok(
            await self.borrower.post(f"/v1/loan-offers/{offer['id']}/accept")
        )
        return found

    async def sign(self, loan_id: str, *people: Person) -> None:
        for signer in people or (self.borrower, self.lender):
            contract = await ok(await signer.get(f"/v1/loans/{loan_id}/contract"))
            body = {"sha256": contract["sha256"]}
            await ok(await signer.post(f"/v1/loans/{loan_id}/sign", body))

    async def filed(self, *right_ids: str, **changed: Any) -> dict[str, Any]:
        loan = await self.agreed(*right_ids, **changed)
        await self.sign(loan["id"])
        found: dict[str, Any] = await ok(
            await self.borrower.post(f"/v1/loans/{loan['id']}/file-pledges")
        )
        return found

    async def register(self, loan: dict[str, Any]) -> None:
        """The office registers every pledge."""
        for pledge in loan["pledges"]:
            number = f"P-{next(_SERIALS)}"
            body = {"registration_number": number, "received_on": str(self.today)}
            path = f"/v1/encumbrances/{pledge['encumbrance_id']}/register"
            await ok(await self.market.operator.post(path, body))
        await self.world.work()

    async def running(self, *right_ids: str, **changed: Any) -> dict[str, Any]:
        """A loan that is paid out."""
        loan = await self.filed(*(right_ids or (await self.right(),)), **changed)
        await self.register(loan)
        await self.pay((await self.loan(loan["id"], self.lender))["payment"])
        return await self.loan(loan["id"])

    async def loan(self, loan_id: str, reader: Person | None = None) -> dict[str, Any]:
        found: dict[str, Any] = await ok(
            await (reader or self.borrower).get(f"/v1/loans/{loan_id}")
        )
        return found

    async def pay(self, *payments: dict[str, Any]) -> None:
        """The bank's statement tells that these were paid."""
        lines = [credit(p["amount"]["amount_minor"], p["reference"]) for p in payments]
        await self.market.bank(*lines)

    async def repay(self, loan_id: str, payer: Person | None = None, **body: Any) -> dict[str, Any]:
        """Ask to repay, and pay it."""
        path = f"/v1/loans/{loan_id}/repayments"
        asked = await ok(await (payer or self.borrower).post(path, body))
        await self.pay(asked["payment"])
        listed = await ok(await self.borrower.get(path))
        found: dict[str, Any] = next(one for one in listed if one["id"] == asked["id"])
        return found

    async def days(self, number: int) -> None:
        """Time passes, and the worker does what it brings."""
        self.world.clock.offset += timedelta(days=number)
        await self.world.work()

    @property
    def today(self) -> date:
        return self.world.clock.now().date()

    async def balance(self, who: Person) -> int:
        found = (await ok(await who.get("/v1/balances")))["payable"]
        return sum(one["amount_minor"] for one in found)
