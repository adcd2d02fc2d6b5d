"""Calculations over HTTP against the cheapest read with a token; what a rating takes to make."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx2

from benchmarks.load import Measured
from benchmarks.place import Place
from benchmarks.report import Bar, interleave, judge, rates
from benchmarks.scale import Scale
from benchmarks.servers import product
from benchmarks.vocabulary import LANGUAGE_WEIGHTS, vocabularies
from marketplace.valuation.calculations.examples import EXAMPLES
from marketplace.valuation.registry.contents import Method

RECORDS: Final = (1_000, 4_000)
PERSON: Final = {"email": "someone@example.com", "password": "long and private"}
PLAIN: Final = Bar(0.2)
DRAWN: Final = Bar(0.02)
MEMORY: Final = Bar(6, aim=4, at_most=True)
"""Four times the records: proportional memory is 4, the square would be 16."""

RATING: Final = """
import json, sys, time
from datetime import date
from pathlib import Path
from marketplace.valuation.rating.pipeline import rate
from marketplace.valuation.registry.contents import RatingContent, WeightSetContent
def peak_kib():  # since this program began; getrusage would remember its parent's
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
file, content = Path(sys.argv[1]), json.loads(sys.argv[2])
before, start = peak_kib(), time.perf_counter()
rate(file, RatingContent(**content["rating"]), WeightSetContent(**content["weight_set"]),
     as_of=date(2026, 1, 1), seed=1, say=lambda line: None)
after, end = peak_kib(), time.perf_counter()
print(json.dumps({"kib": after - before, "seconds": end - start}))
"""


def measure_valuation(place: Place, scale: Scale) -> None:
    """Calculations of a process over one connection, and ratings of generated corpora."""
    settings = place.database("valuation", _nothing, anew=True)
    with ExitStack() as running:
        url = running.enter_context(product(settings, MARKETPLACE_RATE_LIMITS="false"))
        http = running.enter_context(httpx2.Client(base_url=url, trust_env=False, timeout=60))
        _sign_in(http)
        found = interleave(_contenders(http, min(scale.seconds, 5)), scale.rounds)
        content = _editions(http)
    judge("a calculation, x reading a session", rates(found, "calculation", "session"), PLAIN)
    judge("10,000 draws, x reading a session", rates(found, "10,000 draws", "session"), DRAWN)
    small, large = (_rated(settings.data_dir, records, content) for records in RECORDS)
    judge("memory of a rating, 4 times the records", [large["kib"] / small["kib"]], MEMORY)


async def _nothing(_: asyncpg.Connection) -> None:
    """The first editions come with the schema."""


def _sign_in(http: httpx2.Client) -> None:
    http.post("/v1/users", json=PERSON | {"display_name": "Someone", "country": "KR"})
    token = http.post("/v1/sessions", json=PERSON).raise_for_status().json()["token"]
    http.headers["authorization"] = f"Bearer {token}"


def _contenders(http: httpx2.Client, seconds: int) -> dict[str, Callable[[], Measured]]:
    body: dict[str, Any] = EXAMPLES[Method.RELIEF_FROM_ROYALTY]["value"]
    plain = {name: value for name, value in body.items() if name != "range"}
    drawn = body | {"range": body["range"] | {"draws": 10_000}}
    path = "/v1/valuation/calculations"
    asked: dict[str, Callable[[], httpx2.Response]] = {
        "session": partial(http.get, "/v1/sessions/current"),
        "calculation": partial(http.post, path, json=plain),
        "10,000 draws": partial(http.post, path, json=drawn),
    }
    return {name: partial(_again_and_again, ask, seconds) for name, ask in asked.items()}


def _again_and_again(ask: Callable[[], httpx2.Response], seconds: int) -> Measured:
    taken: list[float] = []
    while sum(taken) < seconds:
        start = time.perf_counter()
        ask().raise_for_status()
        taken.append(time.perf_counter() - start)
    ordered = sorted(taken)
    middle, late = (ordered[int(len(ordered) * part)] * 1_000 for part in (0.5, 0.99))
    return Measured(len(taken) / sum(taken), middle, late)


def _editions(http: httpx2.Client) -> str:
    """The contents of the rating model and the weights in force, as JSON."""
    found = {}
    for name in ("patent_rating", "patent_rating_weights"):
        listed = http.get("/v1/valuation/models", params={"name": name}).json()["items"]
        content = http.get(f"/v1/valuation/models/{listed[0]['id']}").json()["content"]
        found[content["kind"]] = content
    return json.dumps(found)


def _rated(folder: Path, records: int, content: str) -> dict[str, float]:
    """What a rating takes, in a process of its own."""
    file = folder / f"{records}.jsonl"
    chance = random.Random(records)
    with file.open("w") as lines:
        lines.writelines(_record(number, chance) for number in range(records))
    command = [sys.executable, "-c", RATING, str(file), content]
    done = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, float] = json.loads(done)
    per_thousand = found["seconds"] / records * 1_000
    print(
        f"    {records:,} records: {per_thousand:.1f} s a 1,000, {found['kib'] / 1024:.0f} MB more"
    )
    return found


def _record(number: int, chance: random.Random) -> str:
    (words,) = chance.choices(vocabularies(), weights=LANGUAGE_WEIGHTS)
    record = {
        "id": f"KR{1_000_000 + number}B1",
        "kind": "B1",
        "title": words.text(chance, 8),
        "abstract": words.text(chance, 100),
        "language": words.language,
        "filing_date": f"{chance.randint(2008, 2025)}-{chance.randint(1, 12):02}-01",
        "ipc": [f"{chance.choice('ABCDEFGH')}0{chance.randint(1, 9)}{chance.choice('BCDK')}1/00"],
        "applicants": [{"name": f"owner {chance.randint(1, 300)}"}],
        "claims_count": chance.randint(1, 30),
        "first_claim": words.text(chance, 60),
    }
    return json.dumps(record, ensure_ascii=False) + "\n"
