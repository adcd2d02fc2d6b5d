"""Legal events as the European Patent Office tells them of real patents, loaded as they are."""

from datetime import date
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import httpx2
import pytest
from defusedxml.ElementTree import parse
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.assets.register.codes import import_codes
from marketplace.kernel.db import Sessions
from tests.factories.deals import ok, right_body
from tests.factories.people import operator, person
from tests.factories.register import standing
from tests.factories.tables import contents

OFFICIAL = Path(__file__).parents[3] / "shared" / "data" / "official"
FILES = sorted((OFFICIAL / "epo_ops_xml" / "patent_client").glob("legal_fixtures_*.xml"))
EXCHANGE, OPS = "{http://www.epo.org/exchange}", "{http://ops.epo.org}"
CODES = b"""scheme,office,code,kind,meaning
INPADOC,EP,17P,other,request for examination filed
INPADOC,EP,26N,other,no opposition filed
INPADOC,EP,17Q,other,first examination report
INPADOC,US,STCF,granted,patented case
INPADOC,US,MAFP,other,maintenance fee payment
"""


def members(file: Path) -> list[tuple[str, list[dict[str, Any]]]]:
    """Each publication of a family with the events that the office tells of it."""
    return [
        (_number(member), [_event(legal) for legal in member.iter(f"{OPS}legal")])
        for member in parse(file).iter(f"{OPS}family-member")
    ]


def _number(member: Element) -> str:
    path = f"{EXCHANGE}publication-reference/{EXCHANGE}document-id[@document-id-type='docdb']"
    found = member.find(path)
    assert found is not None
    return "".join(
        found.findtext(f"{EXCHANGE}{name}", "") for name in ("country", "doc-number", "kind")
    )


def _event(legal: Element) -> dict[str, Any]:
    raw = {child.tag.removeprefix(OPS): child.text for child in legal if not len(child)}
    gazetted = date.fromisoformat(str(raw["L007EP"]))
    return {"code": legal.attrib["code"].strip(), "on": gazetted.isoformat(), "raw": raw}


@pytest.mark.parametrize("file", FILES or [None], ids=lambda file: file.name if file else "none")
async def test_what_an_office_tells_is_kept_whole_and_once(
    client: httpx2.AsyncClient,
    sessions: Sessions,
    connection: AsyncConnection,
    file: Path | None,
) -> None:
    if file is None:
        pytest.skip(f"the official records are not there: {OFFICIAL}")
    owner, registrar = await person(client, sessions), await operator(client, sessions)
    async with sessions.begin() as session:
        await import_codes(session, CODES)
    rights = []
    for number, events in members(file):
        body = right_body(identifier={"number": number})
        made = await owner.post("/v1/rights", body)
        if made.status_code == 201:
            rights.append((made.json()["id"], {"number": number, "events": events}))
    facts = {
        "origin": "INPADOC",
        "as_of": "2026-01-05",
        "scheme": "INPADOC",
        "rights": [told for _, told in rights],
    }

    done = await ok(await registrar.post("/v1/register-imports", facts))

    told = sum(len(one["events"]) for _, one in rights)
    assert done["new"] + done["known"] == told > 0
    assert done["unknown_rights"] == []
    before = await contents(connection)
    again = await ok(await registrar.post("/v1/register-imports", facts))
    assert (again["new"], again["known"], again["changed"]) == (0, told, [])
    assert await contents(connection) == before
    for right_id, _ in rights:
        assert (await standing(owner, right_id))["status"] in {"in_force", "pending"}
