"""Tables over time: named by law, begun from now on, never overlapping, open to read."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from marketplace.kernel.db import Sessions
from tests.factories.bank import BankDesk, refused
from tests.factories.deals import ok

KEY = {
    "jurisdiction": "KR",
    "kind": "withholding",
    "party": "individual",
    "income": "ip_transfer",
    "residence": "KR",
}


def row(**changed: Any) -> dict[str, Any]:
    rates = {"taxable_basis_points": 4_000, "rate_basis_points": 2_200, "source": "a new law"}
    return KEY | rates | changed


def from_now(**delta: float) -> str:
    return (datetime.now(UTC) + timedelta(**delta)).isoformat()


async def table(client: httpx2.AsyncClient) -> list[dict[str, Any]]:
    listed = await ok(await client.get("/v1/tax-rates"))
    return [one for one in listed if KEY.items() <= one.items()]


async def test_a_rate_follows_another_without_a_gap(
    client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    desk = await BankDesk.open(client, sessions)
    begins = from_now(days=30)

    made = await ok(await desk.operator.post("/v1/tax-rates", row(valid_from=begins)))

    newest, oldest = await table(client)
    assert newest == made
    assert (newest["rate_basis_points"], newest["valid_until"]) == (2_200, None)
    assert (oldest["rate_basis_points"], oldest["valid_until"]) == (2_000, made["valid_from"])
    assert oldest["source"].startswith("Income Tax Act 21")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (row(valid_from=from_now(seconds=-60)), 422, "tax_rate_in_past"),
        (row(valid_from=from_now(days=29)), 409, "tax_rate_overlap"),
        (row(), 409, "tax_rate_overlap"),
        (row(exempt_up_to_minor=1), 422, "validation_failed"),
        (row(kind="vat"), 422, "validation_failed"),
        (row(rate_basis_points=9_500, surtax_basis_points=1_000), 422, "validation_failed"),
        (row(rate_basis_points=10_001), 422, "validation_failed"),
        (row(residence="Korea"), 422, "validation_failed"),
    ],
)
async def test_a_refused_rate_changes_nothing(
    client: httpx2.AsyncClient, sessions: Sessions, body: dict[str, Any], status: int, code: str
) -> None:
    desk = await BankDesk.open(client, sessions)
    await ok(await desk.operator.post("/v1/tax-rates", row(valid_from=from_now(days=30))))
    before = await desk.books()

    await refused(await desk.operator.post("/v1/tax-rates", body), status, code)

    assert await desk.books() == before
    await refused(await desk.payer.post("/v1/tax-rates", body), 403, "permission_missing")


async def test_the_database_refuses_two_rates_at_once(sessions: Sessions) -> None:
    again = text(
        "INSERT INTO tax_rate SELECT gen_random_uuid(), created_at, jurisdiction, kind, party,"
        " income, residence, taxable_basis_points, rate_basis_points, surtax_basis_points,"
        " allowance_minor, exempt_up_to_minor, currency, now() + interval '9 years', NULL, source"
        " FROM tax_rate"
    )
    async with sessions() as session:
        with pytest.raises(IntegrityError, match="tax_rate_no_overlap"):
            await session.execute(again)


async def test_anyone_asks_what_a_rate_makes_of_an_amount(
    client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    (rate,) = await table(client)
    path = f"/v1/tax-rates/{rate['id']}/assessment"

    found = await ok(await client.get(path, params={"amount_minor": 2_000_000, "currency": "KRW"}))
    asked = {"amount_minor": 1_824_000, "currency": "KRW", "net": True}
    grossed = await ok(await client.get(path, params=asked))

    amounts = {name: found[name]["amount_minor"] for name in ("gross", "tax", "surtax", "net")}
    assert amounts == {"gross": 2_000_000, "tax": 160_000, "surtax": 16_000, "net": 1_824_000}
    assert found["rate"] == rate
    # the smallest amount that leaves it: fractions of a won are not charged
    assert grossed["gross"]["amount_minor"] == 1_999_998
    assert grossed["net"]["amount_minor"] == 1_824_000


async def test_an_organisation_declares_and_corrects_its_taxes(
    client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    desk = await BankDesk.open(client, sessions)
    await refused(await desk.payer.get("/v1/tax-profile"), 404, "not_found")
    profile = {"residence": "KR", "party": "individual", "vat_number": None}

    await ok(await desk.payer.put("/v1/tax-profile", profile))
    changed = profile | {"party": "business", "vat_number": "123-45-67890"}
    await ok(await desk.payer.put("/v1/tax-profile", changed))

    own = {"organisation_id": str(desk.payer.organisation_id)}
    assert await ok(await desk.payer.get("/v1/tax-profile")) == changed | own
    assert (await ok(await desk.payer.get("/v1/withholdings"))) == {"items": [], "next": None}
    await refused(
        await desk.payer.put("/v1/tax-profile", changed | {"vat_number": "<b>"}),
        422,
        "validation_failed",
    )
