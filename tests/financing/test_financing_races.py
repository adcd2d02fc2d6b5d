"""Two at once: one offer is accepted, and one right of China is pledged or licensed."""

import asyncio

from tests.factories.deals import ok
from tests.factories.financing import Desk
from tests.factories.refusals import told


async def test_of_two_acceptances_at_once_one_makes_a_loan(desk: Desk) -> None:
    right_id = await desk.right()
    request = await desk.request(right_id)
    await desk.value(request["id"])
    offers = [await ok(await desk.offer(request["id"], who)) for who in (desk.lender, desk.rival)]
    answers = await asyncio.gather(
        *(desk.borrower.post(f"/v1/loan-offers/{offer['id']}/accept") for offer in offers)
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    states = [
        (await ok(await desk.borrower.get(f"/v1/loan-offers/{offer['id']}")))["state"]
        for offer in offers
    ]
    assert sorted(states) == ["accepted", "lost"]


async def test_a_right_is_pledged_or_licensed_and_never_both_around_each_other(desk: Desk) -> None:
    right_id = await desk.right(office="CN")
    loans = [await desk.agreed(right_id) for _ in range(2)]
    for loan in loans:
        await desk.sign(loan["id"])
    licence = {
        "kind": "exclusive",
        "holder_organisation_id": str(desk.market.buyer.organisation_id),
        "scope": {},
    }
    answers = await asyncio.gather(
        *(desk.borrower.post(f"/v1/loans/{loan['id']}/file-pledges") for loan in loans),
        desk.borrower.post(f"/v1/rights/{right_id}/encumbrances", licence),
    )
    assert [answer.status_code for answer in answers[:2]].count(200) <= 1
    refusals = {told(answer) for answer in answers if not answer.is_success}
    assert refusals <= {(409, "encumbered"), (409, "consent_missing")}
    screened = await ok(
        await desk.borrower.get(f"/v1/financing-requests/{loans[0]['request_id']}/prescreening")
    )
    pledged = any(answer.is_success for answer in answers[:2])
    assert ("pledged" in screened["rights"][0]["reasons"]) == pledged
