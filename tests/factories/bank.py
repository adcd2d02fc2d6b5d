"""The operator's desk inside one test transaction: requests, statements, the queue, payouts."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import httpx2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.clocks import run_all_due
from marketplace.kernel.db import Sessions
from marketplace.kernel.money import major_text
from marketplace.payments.funding.matching import match_received
from marketplace.payments.funding.service import cancel_request, lock_open_request, request_payment
from marketplace.payments.ledger.addresses import payable
from marketplace.payments.ledger.queries import balance_minor
from marketplace.wiring import CLOCKS
from tests.factories.deals import debit, ok, statement
from tests.factories.people import Person, operator, person

ACCOUNT_NUMBER: Final = "110-987-654321"

_BOOKS: Final = (
    "SELECT address, currency, balance_minor FROM ledger_account WHERE balance_minor <> 0",
    "SELECT id, state, version, reason FROM bank_entry",
    "SELECT id, state, version, received_minor FROM payment_request",
    "SELECT id, state, version, batch_id FROM payout",
    "SELECT id, sent_at FROM payout_batch",
    "SELECT id FROM bank_statement",
    "SELECT id, valid_from, valid_until, commission_basis_points FROM fee_policy",
    "SELECT id, state, version, released_minor, refunded_minor, returned_minor FROM deal",
    "SELECT id, state, version, released_minor, refunded_minor FROM deal_part",
    "SELECT id FROM withholding",
    "SELECT id, number FROM invoice",
    "SELECT series, kind, year, last_number FROM invoice_series",
    "SELECT id FROM tax_remittance",
    "SELECT id, state, version FROM conversion",
    "SELECT id, valid_from, valid_until FROM seller_of_record",
    "SELECT id, valid_from, valid_until, rate_basis_points FROM tax_rate",
    "SELECT id, residence, party, vat_number FROM tax_profile",
    "SELECT id, numerator, denominator FROM deal_payee",
    "SELECT id, masked, ciphertext FROM payee_account",
    "SELECT count(*) FROM ledger_posting",
    "SELECT count(*) FROM event",
)


_SNAPSHOT: Final = ", ".join(
    f"(SELECT array_agg(found::text ORDER BY found::text) FROM ({query}) found)"  # noqa: S608
    for query in _BOOKS
)


async def books(session: AsyncSession) -> list[Any]:
    """Everything about money, to see that a refusal changed none of it."""
    return list((await session.execute(text(f"SELECT {_SNAPSHOT}"))).one())


def bank_account(number: str = ACCOUNT_NUMBER, holder: str = "김발명") -> dict[str, str]:
    return {
        "holder_name": holder,
        "account_number": number,
        "bank_code": "SHBKKRSE",
        "country": "KR",
    }


def returned(
    amount: int, end_to_end_id: str, *, entry: str = "", reason: str = "AC04 closed"
) -> str:
    """A line of `returns`: the bank brings a payout back."""
    return (
        f"{entry or uuid4().hex},2026-01-07,credit,{amount},KRW,,{end_to_end_id},RETURNED,{reason}"
    )


def returns(*lines: str) -> bytes:
    """A statement as CSV whose lines say that a payment came back, and why."""
    header = "entry_id,booked_on,direction,amount,currency,remittance,end_to_end_id,status,reason"
    return "\n".join([header, *lines]).encode()


async def refused(response: httpx2.Response, status: int, code: str) -> None:
    assert (response.status_code, response.json()["code"]) == (status, code), response.text


@dataclass(frozen=True)
class Due:
    """A payment request that the desk waits for."""

    subject: str
    reference: str
    amount_minor: int


@dataclass
class BankDesk:
    client: httpx2.AsyncClient
    sessions: Sessions
    operator: Person
    payer: Person

    @classmethod
    async def open(cls, client: httpx2.AsyncClient, sessions: Sessions) -> "BankDesk":
        payer = await person(client, sessions, name="Payer")
        return cls(client, sessions, await operator(client, sessions), payer)

    async def request(self, amount_minor: int = 1_000, currency: str = "KRW") -> Due:
        subject = f"order:{uuid4()}"
        async with self.sessions.begin() as session:
            request = await request_payment(
                session,
                subject=subject,
                payer=self.payer.organisation_id,
                amount_minor=amount_minor,
                currency=currency,
            )
        return Due(subject, request.reference, amount_minor)

    async def cancel(self, due: Due) -> None:
        async with self.sessions.begin() as session:
            await cancel_request(session, due.subject, actor=_Somebody())

    async def is_open(self, due: Due) -> bool:
        async with self.sessions() as session:
            return await lock_open_request(session, due.subject) is not None

    async def received_minor(self, due: Due) -> int:
        query = text("SELECT received_minor FROM payment_request WHERE reference = :reference")
        async with self.sessions() as session:
            return int((await session.execute(query, {"reference": due.reference})).scalar_one())

    async def load(self, content: bytes) -> dict[str, Any]:
        """Import a file and match it as the worker would."""
        found: dict[str, Any] = await ok(await self.operator.upload("/v1/bank-statements", content))
        await match_received(self.sessions)
        return found

    async def bank(self, *lines: str) -> dict[str, Any]:
        return await self.load(statement(*lines))

    async def entries(self, state: str = "queued") -> list[dict[str, Any]]:
        page = await ok(await self.operator.get("/v1/bank-entries", state=state, limit=100))
        found: list[dict[str, Any]] = page["items"]
        return found

    async def queued(self, *lines: str) -> dict[str, Any]:
        """Bring in lines of which exactly the last one ends in the queue; returns that entry."""
        before = {entry["id"] for entry in await self.entries()}
        await self.bank(*lines)
        (entry,) = [entry for entry in await self.entries() if entry["id"] not in before]
        return entry

    async def resolve(self, entry: dict[str, Any], how: str, body: Any = None) -> httpx2.Response:
        return await self.operator.post(f"/v1/bank-entries/{entry['id']}/{how}", body)

    async def balance(self, address: str, currency: str = "KRW") -> int:
        async with self.sessions() as session:
            return await balance_minor(session, address, currency)

    async def owed_to(self, who: Person, currency: str = "KRW") -> int:
        return await self.balance(payable(who.organisation_id), currency)

    async def owe(self, amount_minor: int, currency: str = "KRW") -> None:
        """Come to owe the payer: they paid this much more than was asked."""
        due = await self.request(1, currency)
        amount = major_text(amount_minor + 1, currency)
        line = f"{uuid4().hex},2026-01-05,credit,{amount},{currency},{due.reference},"
        entry = await self.queued(line)
        await ok(await self.resolve(entry, "apply", {"reference": due.reference}))

    async def give_account(self, who: Person, number: str = ACCOUNT_NUMBER) -> None:
        await ok(await who.put("/v1/payee-account", bank_account(number)))

    async def batch(self, currency: str = "KRW") -> dict[str, Any]:
        found: dict[str, Any] = await ok(
            await self.operator.post("/v1/payout-batches", {"currency": currency})
        )
        return found

    async def sent_payout(self, amount_minor: int = 500) -> dict[str, Any]:
        """A payout to the payer that is on its way."""
        await self.owe(amount_minor)
        await self.give_account(self.payer)
        batch = await self.batch()
        sent = await ok(await self.operator.post(f"/v1/payout-batches/{batch['id']}/send"))
        (payout,) = sent["payouts"]
        return {**payout, "end_to_end_id": UUID(payout["id"]).hex, "batch_id": batch["id"]}

    async def confirmed_payout(self, amount_minor: int = 500) -> dict[str, Any]:
        payout = await self.sent_payout(amount_minor)
        await self.bank(debit(amount_minor, payout["end_to_end_id"]))
        assert await self.payout_state(payout) == "confirmed"
        return payout

    async def payout_state(self, payout: dict[str, Any]) -> str:
        query = text("SELECT state FROM payout WHERE id = :id")
        async with self.sessions() as session:
            return str((await session.execute(query, {"id": payout["id"]})).scalar_one())

    async def pass_days(self, clock: ShiftedClock, days: float) -> None:
        clock.offset += timedelta(days=days)
        while await run_all_due(self.sessions, CLOCKS):
            pass

    async def books(self) -> list[Any]:
        async with self.sessions() as session:
            return await books(session)


class _Somebody:
    label = "test"
