"""An idea that is filed: same owners, same shares, still confidential."""

import httpx2

from marketplace.kernel.db import Sessions
from tests.factories.accounts import assert_refused
from tests.factories.deals import ok, right_body
from tests.factories.ideas import TEXT, Idea
from tests.factories.people import person


async def test_an_application_has_the_shares_of_its_idea_and_tells_nothing_of_it(
    client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    owner, other = await person(client, sessions), await person(client, sessions)
    stranger = await person(client, sessions)
    owners = [
        {"organisation_id": str(who.organisation_id), "share": {"numerator": n, "denominator": 3}}
        for who, n in ((owner, 2), (other, 1))
    ]
    idea = await Idea.of(owner, owners=owners)
    body = {"kind": "patent", "identifier": right_body()["identifier"]}
    assert_refused(await stranger.post(f"{idea.path}/filings", body), 404, "not_found")

    filed = await ok(await owner.post(f"{idea.path}/filings", body))

    right = await ok(await other.get(f"/v1/rights/{filed['right_id']}"))
    assert right["owners"] == owners
    assert filed["idea_id"] == idea.right_id
    for right_id in (idea.right_id, filed["right_id"]):
        assert await ok(await other.get(f"/v1/rights/{right_id}/filings")) == [filed]
        assert_refused(await stranger.get(f"/v1/rights/{right_id}/filings"), 404, "not_found")
    assert (await ok(await other.get(f"{idea.path}/confidential-text")))["content"] == TEXT
    hidden = await other.get(f"/v1/rights/{filed['right_id']}/confidential-text")
    assert_refused(hidden, 404, "not_disclosed")
    assert_refused(await owner.post(f"{idea.path}/filings", body), 409, "right_already_registered")
    again = await owner.post(f"/v1/rights/{filed['right_id']}/filings", body)
    assert_refused(again, 422, "kind_mismatch")
