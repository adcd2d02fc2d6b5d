"""Rights, listings and deals brought to any state through the API itself."""

from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import httpx2

from tests.factories.people import Person, operator, person
from tests.factories.world import World

_NUMBERS = count(1_000_001)
PRICE_MINOR = 100_000_000


def right_body(**changed: Any) -> dict[str, Any]:
    """A patent that nobody has registered in this run."""
    body = {
        "kind": "patent",
        "title": "이중 양도를 막는 권리 확인 방법",
        "abstract": "등록 상태를 거래 직전에 다시 확인한다.",
        "language": "ko",
        "identifier": {"number": f"KR 10-{next(_NUMBERS)}"},
        "classifications": ["G06Q 50/18"],
    }
    return body | changed


def idea_body(**changed: Any) -> dict[str, Any]:
    body = right_body(kind="idea", title="우산 건조 선반", identifier=None)
    return body | changed


async def ok(response: httpx2.Response) -> Any:
    assert response.is_success, response.text
    return response.json()


async def list_right(seller: Person, body: dict[str, Any] | None = None, **about: Any) -> str:
    """Register a right, publish a listing of it, and return the listing's id."""
    right = await ok(await seller.post("/v1/rights", body or right_body()))
    if right["kind"] == "idea":
        text = {"content": about.pop("confidential", "the secret of the shelf")}
        await ok(await seller.put(f"/v1/rights/{right['id']}/confidential-text", text))
    wanted = {
        "right_id": right["id"],
        "title": right["title"],
        "teaser": "거래 직전에 등록 상태를 확인한다.",
        "language": "ko",
        "asking_price_minor": PRICE_MINOR,
        "currency": "KRW",
    }
    listing = await ok(await seller.post("/v1/listings", wanted | about))
    await ok(await seller.post(f"/v1/listings/{listing['id']}/publish"))
    return str(listing["id"])


async def offer(buyer: Person, listing_id: str, price_minor: int = PRICE_MINOR) -> str:
    """Make an offer and return the negotiation's id."""
    body = {"price": {"amount_minor": price_minor, "currency": "KRW"}}
    return str((await ok(await buyer.post(f"/v1/listings/{listing_id}/offers", body)))["id"])


async def sign(people: tuple[Person, ...], deal_id: str) -> None:
    for signer in people:
        agreement = await ok(await signer.get(f"/v1/deals/{deal_id}/agreement"))
        body = {"sha256": agreement["sha256"]}
        await ok(await signer.post(f"/v1/deals/{deal_id}/sign", body))


def statement(*lines: str) -> bytes:
    """A bank statement as CSV; each line is `id,amount,currency,remittance[,end-to-end id]`."""
    header = "entry_id,booked_on,direction,amount,currency,remittance,end_to_end_id"
    return "\n".join([header, *lines]).encode()


ENTRIES: Final = (f"entry-{number}" for number in count(1))
"""Bank entries by number: names of tests contain them, and have to be the same in every run."""


def credit(amount: int, remittance: str, *, currency: str = "KRW", entry: str = "") -> str:
    return f"{entry or next(ENTRIES)},2026-01-05,credit,{amount},{currency},{remittance},"


def debit(amount: int, end_to_end_id: str, *, currency: str = "KRW", entry: str = "") -> str:
    return f"{entry or next(ENTRIES)},2026-01-06,debit,{amount},{currency},payout,{end_to_end_id}"


@dataclass
class Market:
    """A world with a seller, a buyer, an operator and a stranger."""

    world: World
    seller: Person
    buyer: Person
    operator: Person
    stranger: Person

    @classmethod
    async def open(cls, world: World) -> "Market":
        client, sessions = world.client, world.sessions
        return cls(
            world,
            await person(client, sessions, name="Seller"),
            await person(client, sessions, name="Buyer", region="KR-26"),
            await operator(client, sessions),
            await person(client, sessions, name="Stranger"),
        )

    async def deal(self, state: str = "agreed", *, idea: bool = False) -> str:
        """A deal brought to a state by the moves that people make; returns its id."""
        listing_id = await list_right(self.seller, idea_body() if idea else right_body())
        negotiation_id = await offer(self.buyer, listing_id)
        accepted = await self.seller.post(
            f"/v1/negotiations/{negotiation_id}/accept", {"offer_number": 1}
        )
        deal_id = str((await ok(accepted))["id"])
        await self._bring(deal_id, state)
        assert await self.state(deal_id) == state
        return deal_id

    async def _bring(self, deal_id: str, state: str) -> None:
        path = f"/v1/deals/{deal_id}"
        if state == "agreed":
            return
        await sign((self.seller,), deal_id)
        if state == "partly_signed":
            return
        await sign((self.buyer,), deal_id)
        if state == "signed":
            return
        await self.pay(deal_id)
        if state == "funded":
            return
        await ok(await self.seller.post(f"{path}/file-transfer"))
        if state == "disputed":
            await ok(await self.buyer.post(f"{path}/dispute", {"reason": "no extract"}))
        if state in {"transfer_filed", "disputed"}:
            return
        await ok(await self.operator.post(f"{path}/record", {"evidence": "register extract"}))
        if state == "disputed_after_recordal":
            await ok(await self.buyer.post(f"{path}/dispute", {"reason": "wrong right"}))
        if state in {"recorded", "disputed_after_recordal"}:
            return
        await ok(await self.buyer.post(f"{path}/release"))

    async def payment(self, deal_id: str) -> dict[str, Any]:
        found: dict[str, Any] = (await ok(await self.buyer.get(f"/v1/deals/{deal_id}")))["payment"]
        return found

    async def pay(self, deal_id: str) -> None:
        payment = await self.payment(deal_id)
        await self.bank(credit(payment["amount"]["amount_minor"], payment["reference"]))

    async def bank(self, *lines: str) -> dict[str, Any]:
        """Import a statement with these lines, and let the worker match them."""
        imported = await self.operator.upload("/v1/bank-statements", statement(*lines))
        found: dict[str, Any] = await ok(imported)
        await self.world.work()
        return found

    async def state(self, deal_id: str) -> str:
        return str((await ok(await self.operator.get(f"/v1/deals/{deal_id}")))["state"])
