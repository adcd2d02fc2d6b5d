"""Facts of registers, told over the API as an operator tells them."""

from typing import Any

from tests.factories.deals import ok, right_body
from tests.factories.people import Person

NUMBERS = {
    ("KR", "patent"): "KR 10-{:07}",
    ("KR", "utility_model"): "KR 20-{:07}",
    ("KR", "design"): "KR 30-{:07}",
    ("CN", "patent"): "CN {:09} B",
    ("CN", "utility_model"): "CN {:09} U",
    ("CN", "design"): "CN {:09} S",
    ("US", "patent"): "US {} B2",
    ("US", "design"): "US D{} S1",
}
FIRST = {"CN": {"patent": 100_000_000, "utility_model": 200_000_000, "design": 300_000_000}}


def number(office: str, kind: str, serial: int) -> str:
    """A registered number of an office that nobody else uses."""
    first = FIRST.get(office, {}).get(kind, 0)
    return NUMBERS[office, kind].format(first + serial)


async def registered(
    owner: Person, office: str = "KR", kind: str = "patent", serial: int = 7_000_001, **more: Any
) -> str:
    """A registered right of an office; returns its id."""
    identifier = {
        "number": number(office, kind, serial),
        "office": office,
        "document_class": "grant",
    }
    body = right_body(kind=kind, identifier=identifier, **more)
    return str((await ok(await owner.post("/v1/rights", body)))["id"])


async def tell(operator: Person, right_id: str, kind: str, on: str, **more: Any) -> dict[str, Any]:
    """Record a legal event, and return it."""
    body = {"kind": kind, "occurred_on": on, "source": "register extract", **more}
    told: dict[str, Any] = await ok(
        await operator.post(f"/v1/rights/{right_id}/legal-events", body)
    )
    return told


async def standing(reader: Person, right_id: str, **asked: Any) -> dict[str, Any]:
    """What is said of a right; asked for a day `on`, as `known_at`."""
    found: dict[str, Any] = await ok(await reader.get(f"/v1/rights/{right_id}/standing", **asked))
    return found


async def look_up(operator: Person, right_id: str, on: str) -> None:
    """Note that the register was looked at and tells nothing new."""
    body = {"as_of": on, "source": "register extract"}
    answer = await operator.post(f"/v1/rights/{right_id}/register-checks", body)
    assert answer.status_code == 204, answer.text
