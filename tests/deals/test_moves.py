"""Every state × every route × everybody: the exact answer, and a refusal changes nothing."""

from dataclasses import dataclass
from typing import Any

import pytest

from marketplace.accounts.permissions import ROLE_PERMISSIONS, MemberRole, Permission
from marketplace.deals import api
from marketplace.deals.brokers import api as brokers_api
from marketplace.deals.lifecycle import ASKED_AS, DEAL, DealState
from marketplace.deals.parts import api as parts_api
from marketplace.deals.payees import api as payees_api
from tests.factories.deals import PRICE_MINOR, ok
from tests.factories.stage import Stage, figures, moves_told
from tests.factories.undone import undone


@dataclass(frozen=True)
class Route:
    permissions: frozenset[Permission]
    body: Any = None


PERFORM = frozenset({Permission.PERFORM_DEALS})
OPERATE = frozenset({Permission.OPERATE_DEALS})
EVIDENCE = {"evidence": "register extract"}
ROUTES = {
    "amend": Route(PERFORM, {"additional_terms": "delivery in English"}),
    "sign": Route(frozenset({Permission.SIGN})),
    "cancel": Route(PERFORM | OPERATE),
    "file-transfer": Route(PERFORM),
    "waive-recordal": Route(PERFORM),
    "confirm-waiver": Route(PERFORM),
    "record": Route(OPERATE, EVIDENCE),
    "reject-recordal": Route(OPERATE, EVIDENCE),
    "release": Route(PERFORM | OPERATE),
    "refund": Route(PERFORM | OPERATE),
    "dispute": Route(PERFORM, {"reason": "the extract is missing"}),
    "resolve-release": Route(OPERATE),
    "resolve-refund": Route(OPERATE),
    "resolve-split": Route(OPERATE, {"to_seller_minor": PRICE_MINOR // 2}),
    "refund-released": Route(OPERATE, {"amount_minor": 1_000}),
    "reverse": Route(OPERATE),
    "name-payees": Route(PERFORM, {"payees": []}),
    "plan-parts": Route(PERFORM, {"parts": []}),
    "name-brokers": Route(PERFORM, {"brokers": []}),
}
ACTORS = {
    "buyer": MemberRole.OWNER,
    "seller": MemberRole.OWNER,
    "operator": MemberRole.OPERATOR,
    "stranger": MemberRole.OWNER,
    "viewer": MemberRole.VIEWER,
}
NO_MOVES = {
    f"/v1/deals/{{deal_id}}/{name}"
    for name in ("refund-again", "consent-to-dual-agency", "consent-to-split")
}
OF_LICENCES = {"set_terms", "take"}
"""What a licence has more than a sale; tests/licences/ has these."""
REFUSED_LATER = {
    ("confirm-waiver", DealState.TRANSFER_FILED, "buyer"): (409, "waiver_missing"),
    ("sign", DealState.PARTLY_SIGNED, "seller"): (409, "already_signed"),
}
"""The table lets these through; the facts do not."""


def move_of(route: str, state: DealState) -> str:
    if route == "sign" and state is DealState.PARTLY_SIGNED:
        return "countersign"
    if route == "reverse" and state is DealState.PARTLY_RELEASED:
        return "unwind"
    return route.replace("-", "_")


def expected(route: str, state: DealState, who: str) -> tuple[int, str | None]:
    if not ROUTES[route].permissions & ROLE_PERMISSIONS[ACTORS[who]]:
        return 403, "permission_missing"
    if who == "stranger":
        return 404, "not_found"
    found = [m for m in DEAL.table if m.name == move_of(route, state) and state in m.sources]
    if not found:
        return 409, "illegal_move"
    if who not in found[0].by:
        return 403, "not_your_move"
    return REFUSED_LATER.get((route, state, who), (200, None))


def test_the_table_below_has_every_route_and_every_move_of_a_person() -> None:
    routers = (api.router, parts_api.router, payees_api.router, brokers_api.router)
    routes = [route for router in routers for route in router.routes]
    posted = {route.path for route in routes if "POST" in route.methods}  # type: ignore[attr-defined]
    posted = {path for path in posted if "{number}" not in path and path not in NO_MOVES}
    assert posted == {f"/v1/deals/{{deal_id}}/{name}" for name in ROUTES}
    by_people = {m.name for m in DEAL.table if m.by & set(ACTORS)}
    assert by_people == {move_of(name, DealState.AGREED) for name in ROUTES} | {
        "countersign",
        *ASKED_AS,
        *OF_LICENCES,
    }


@pytest.mark.parametrize("state", DealState)
@pytest.mark.parametrize("route", ROUTES)
async def test_a_route_is_open_to_whom_the_table_says(
    stage: Stage, route: str, state: DealState
) -> None:
    deal_id = stage.deals[state]
    body = ROUTES[route].body
    if route == "sign":
        agreement = await ok(await stage.market.buyer.get(f"/v1/deals/{deal_id}/agreement"))
        body = {"sha256": agreement["sha256"]}
    async with undone(stage.world) as connection:
        before = await figures(connection, deal_id)
        for who in ACTORS:
            attempt = await connection.begin_nested()

            answer = await stage.people[who].post(f"/v1/deals/{deal_id}/{route}", body)

            status, code = expected(route, state, who)
            assert (answer.status_code, answer.json().get("code")) == (status, code), who
            if status == 200:
                await _assert_moved(stage, deal_id, route, state)
                history = await moves_told(connection, f"deal:{deal_id}")
                person = f"user:{stage.people[who].user_id}"
                assert history[-1] == (f"deal.{move_of(route, state)}", person)
            else:
                assert await figures(connection, deal_id) == before, who
            await attempt.rollback()


async def _assert_moved(stage: Stage, deal_id: str, route: str, state: DealState) -> None:
    target = next(
        m.target for m in DEAL.table if m.name == move_of(route, state) and state in m.sources
    )
    assert await stage.market.state(deal_id) == target


@pytest.mark.parametrize("route", ["", "/history", "/ledger", "/agreement"])
@pytest.mark.parametrize(
    ("who", "status"),
    [("buyer", 200), ("seller", 200), ("viewer", 200), ("operator", 200), ("stranger", 404)],
)
async def test_a_deal_is_read_by_its_parties_and_the_operator(
    stage: Stage, who: str, status: int, route: str
) -> None:
    answer = await stage.people[who].get(f"/v1/deals/{stage.deals['settled']}{route}")

    assert answer.status_code == status


async def test_my_deals_are_mine(stage: Stage) -> None:
    listed = {
        who: {
            row["id"]
            for row in (await ok(await stage.people[who].get("/v1/deals", limit=100)))["items"]
        }
        for who in ("buyer", "seller", "viewer", "operator", "stranger")
    }

    mine = {*stage.deals.values(), stage.idea_deal}
    assert listed["buyer"] == listed["viewer"] == mine
    assert mine < listed["seller"] == listed["operator"]
    assert listed["stranger"] == set()


@pytest.mark.parametrize("state", DealState)
async def test_what_one_can_do_is_what_one_can_ask_for(stage: Stage, state: DealState) -> None:
    deal_id = stage.deals[state]
    for who in ("buyer", "seller", "operator"):
        told = (await ok(await stage.people[who].get(f"/v1/deals/{deal_id}")))["your_moves"]
        names = [name.replace("countersign", "sign").replace("_", "-") for name in told]
        assert len(set(names)) == len(names)
        assert set(names) == {r for r in ROUTES if expected(r, state, who) == (200, None)} | {
            route for route, found, side in REFUSED_LATER if (found, side) == (state, who)
        }
