"""The small example marketplace: an inventor's listings, so that a new service shows something."""

import json
from collections.abc import Callable, Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from marketplace.demo.client import ApiRefusalError, Client
from marketplace.settings import Settings

Say = Callable[[str], None]

INVENTOR: Final = "inventor@example.com"
COMPANY: Final = "company@example.com"
PASSWORD: Final = "change me soon"  # noqa: S105 - an example account on one's own machine


def load(_: Settings, url: str, say: Say) -> None:
    """List the sample when the catalogue is empty; a catalogue in use is left alone."""
    client = Client(url)
    if client.get("/v1/listings", limit=1)["items"]:
        return
    say("the database is empty: loading a small example …")
    try:
        client.sign_up(INVENTOR, PASSWORD, "김하늘", "KR", "KR-11")
        Client(url).sign_up(COMPANY, PASSWORD, "Hanbit Manufacturing", "KR", "KR-26")
    except ApiRefusalError as refusal:
        if refusal.code != "email_taken":
            raise
        client.sign_in(INVENTOR, PASSWORD)
    count = list_sample(client)
    say(f"{count} example listings: {url}/v1/listings  (sign in as {INVENTOR} / {PASSWORD!r})")


def sample() -> dict[str, Any]:
    content = files("marketplace.demo").joinpath("sample.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(content)
    return found


def list_sample(client: Client) -> int:
    """List every right of the sample that nobody has registered yet."""
    found = sample()
    ids = [list_idea(client, idea) for idea in found["ideas"]]
    ids += [list_patent(client, patent) for patent in found["patents"]]
    return sum(listing_id is not None for listing_id in ids)


def list_idea(client: Client, idea: dict[str, Any]) -> str | None:
    """Register an idea, put its confidential text, and publish a listing of it."""
    fields = {name: idea[name] for name in ("title", "language", "classifications")}
    right = client.post("/v1/rights", {"kind": "idea", **fields})
    path = f"/v1/rights/{right['id']}/confidential-text"
    client.put(path, {"content": idea["confidential"]})
    return _publish(client, right["id"], idea)


def list_patent(client: Client, patent: dict[str, Any]) -> str | None:
    """Register a patent by its number and publish a listing; None when it is registered."""
    fields = {name: patent.get(name) for name in ("kind", "title", "abstract", "language")}
    identifier = {"number": patent["number"]}
    for name in ("office", "document_class"):
        identifier |= {name: patent[name]} if patent.get(name) else {}
    symbols = patent["classifications"]
    body = {**fields, "identifier": identifier, "classifications": symbols}
    try:
        right = client.post("/v1/rights", body)
    except ApiRefusalError as refusal:
        if refusal.code != "right_already_registered":
            raise
        return None
    return _publish(client, right["id"], patent)


def _publish(client: Client, right_id: str, about: dict[str, Any]) -> str:
    fields = ("title", "teaser", "language", "asking_price_minor", "currency")
    listing = client.post(
        "/v1/listings", {"right_id": right_id, **{name: about.get(name) for name in fields}}
    )
    listing_id: str = listing["id"]
    client.post(f"/v1/listings/{listing_id}/publish")
    return listing_id


def list_records(client: Client, path: Path, say: Say) -> tuple[int, int]:
    """List patent records of a JSON-lines file; returns how many were listed and refused."""
    listed = refused = 0
    for record in _records(path):
        try:
            listed += list_patent(client, _as_patent(record)) is not None
        except ApiRefusalError as refusal:
            refused += 1
            if refusal.status >= 500:  # noqa: PLR2004 - a server error is never the record's fault
                raise
        if (listed + refused) % 100 == 0:
            say(f"  {listed} listed, {refused} refused …")
    return listed, refused


def _records(path: Path) -> Iterable[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


_KINDS: Final = {"U": "utility_model", "Y": "utility_model", "S": "design"}


def _as_patent(record: dict[str, Any]) -> dict[str, Any]:
    """A record of an office's data as the API takes it; long texts are cut, not invented."""
    kind = (record.get("kind") or "")[:1]
    text = " ".join((record.get("abstract") or record["title"]).split())
    return {
        "number": record["id"],
        "office": record["country"],
        "document_class": "application" if record["country"] == "KR" else "publication",
        "kind": _KINDS.get(kind, "patent"),
        "title": " ".join(record["title"].split())[:200] or uuid4().hex,
        "abstract": text[:5_000],
        "teaser": text[:2_000],
        "language": record.get("language") or "en",
        "classifications": sorted({*record.get("ipc", [])})[:30],
        "asking_price_minor": None,
        "currency": "KRW",
    }
