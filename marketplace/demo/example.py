"""The small example marketplace: an inventor's listings, so that a new service shows something."""

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import httpx2

from marketplace.demo.client import ApiRefusalError, Client
from marketplace.kernel.errors import UnprocessableError

Say = Callable[[str], None]

INVENTOR: Final = "inventor@example.com"
COMPANY: Final = "company@example.com"
PROGRESS_SECONDS: Final = 2.0
PASSWORD: Final = "change me soon"  # noqa: S105 - an example account on one's own machine


class MalformedRecordsError(UnprocessableError):
    code = "malformed_records"
    title = "This is not a file of patent records"


def load(url: str, say: Say) -> None:
    """List the sample when the catalogue is empty; a catalogue in use is left alone.

    The service goes on whether or not that works: an example is no reason to stop.
    """
    try:
        _load(url, say)
    except (ApiRefusalError, httpx2.HTTPError) as error:
        say(f"the example was not loaded: {error}")


def _load(url: str, say: Say) -> None:
    client = Client(url)
    if client.get("/v1/listings", limit=1)["items"]:
        return
    say("the catalogue is empty: loading a small example …")
    _sign_up(client, INVENTOR, "김하늘", "KR-11")
    _sign_up(Client(url), COMPANY, "Hanbit Manufacturing", "KR-26")
    count = list_sample(client)
    say(f"{count} example listings: {url}/v1/listings  (sign in as {INVENTOR} / {PASSWORD!r})")


def _sign_up(client: Client, email: str, name: str, region: str) -> None:
    """Sign up, or just in when an earlier start got so far."""
    try:
        client.sign_up(email, PASSWORD, name, "KR", region)
    except ApiRefusalError as refusal:
        if refusal.code != "email_taken":
            raise
        client.sign_in(email, PASSWORD)


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


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the records of a file: each is counted once."""

    listed: int
    known: int
    refused: int

    def __str__(self) -> str:
        return f"{self.listed} listed, {self.known} registered already, {self.refused} refused"


def check_records(path: Path) -> None:
    """Read a file of patent records through, and list none.

    Raises:
        MalformedRecordsError: a line is no record.
    """
    for _ in _records(path):
        pass


def list_records(client: Client, path: Path, say: Say) -> Tally:
    """List patent records of a JSON-lines file.

    Raises:
        MalformedRecordsError: a line is no record; those before it stay listed.
    """
    listed = known = refused = 0
    told = time.monotonic()
    for record in _records(path):
        try:
            if list_patent(client, record) is None:
                known += 1
            else:
                listed += 1
        except ApiRefusalError as refusal:
            refused += 1
            if refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR:  # never the record's fault
                raise
        if time.monotonic() - told > PROGRESS_SECONDS:
            say(f"     {Tally(listed, known, refused)} …")
            told = time.monotonic()
    return Tally(listed, known, refused)


def _records(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield _as_patent(json.loads(line))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise MalformedRecordsError(
                    f"{path}, line {number}: a record is a JSON object with id, country and title"
                ) from error


_KIND_CODE: Final = re.compile(r"[A-Z][0-9]?$")
_TOLD_BY_NUMBER: Final = frozenset({"CN", "EP", "JP", "KR", "US", "WO"})
_KINDS: Final = {"U": "utility_model", "Y": "utility_model", "S": "design"}


def _as_patent(record: dict[str, Any]) -> dict[str, Any]:
    """A record of an office's data as the API takes it; long texts are cut, not invented."""
    kind = (record.get("kind") or "")[:1]
    text = " ".join((record.get("abstract") or record["title"]).split())
    return {
        "number": record["id"],
        "office": record["country"],
        "document_class": _document_class(record["id"], record["country"]),
        "kind": _KINDS.get(kind, "patent"),
        "title": " ".join(record["title"].split())[:200],
        "abstract": text[:5_000],
        "teaser": text[:2_000],
        "language": record.get("language") or "en",
        "classifications": sorted({*record.get("ipc", [])})[:30],
        "asking_price_minor": None,
        "currency": "KRW",
    }


def _document_class(number: str, office: str) -> str | None:
    """What a number of an office's data names; None where the number itself tells.

    A number with no kind code is that of an application, as in Korean data.
    """
    code = _KIND_CODE.search(number)
    if code is None:
        return "application"
    if office in _TOLD_BY_NUMBER:
        return None
    return "publication" if code[0].startswith("A") else "grant"
