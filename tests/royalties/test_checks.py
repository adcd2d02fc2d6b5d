"""Flags on royalty reports: reasons to look, never without enough others to compare with."""

from fractions import Fraction

import pytest

from benchmarks.royalties import Limits
from marketplace.deals.royalty_checks.rules import Figures, Reason, check, distance
from tests.factories.deals import Market, ok
from tests.factories.licences import active, file, pass_days, royalty
from tests.factories.world import World

LIMITS = Limits()


def reached(*shares: int) -> list[Figures]:
    return [Figures(share, Fraction(100)) for share in shares]


PEERS = reached(95, 98, 100, 101, 103, 105, 99, 102)


@pytest.mark.parametrize(
    ("base", "earlier", "peers", "reasons"),
    [
        (100, [], [], set()),
        (50, [], [], {Reason.BELOW_DECLARED}),
        (69, reached(100, 100), [], set()),
        (69, reached(100, 100, 101), [], {Reason.BELOW_EARLIER}),
        (80, [], PEERS, {Reason.BELOW_PEERS}),
        (80, [], PEERS[:7], set()),
        (97, reached(100, 100, 101), PEERS, set()),
    ],
)
def test_reasons_to_look(
    base: int, earlier: list[Figures], peers: list[Figures], reasons: set[Reason]
) -> None:
    [figures] = reached(base)
    assert {flag.reason for flag in check(figures, earlier, peers, LIMITS)} == reasons


def test_more_deducted_than_by_others() -> None:
    peers = [Figures(90, None, 10 + n % 2, 100) for n in range(8)]
    [flag] = check(Figures(60, None, 40, 100), [], peers, LIMITS)
    assert (flag.reason, flag.seen_basis_points, flag.compared_with) == (
        Reason.DEDUCTIONS_ABOVE_PEERS,
        4_000,
        8,
    )


def test_one_liar_among_others_moves_nothing() -> None:
    others = [Fraction(n, 100) for n in (98, 99, 100, 101, 102)]
    usual = distance(Fraction(80, 100), others)
    assert abs(distance(Fraction(80, 100), [*others[:4], Fraction(1)]) - usual) < abs(usual)


async def test_the_licensor_sees_why_to_look_and_others_do_not(world: World) -> None:
    market = await Market.open(world)
    terms = royalty(expected_base_per_year=1_000_000_000)
    licence = await active(market, royalty=terms)
    await pass_days(market, 366)
    path = f"/v1/licences/{licence['id']}/royalty-reports"
    report = (await ok(await market.seller.get(path)))[0]
    at = f"/v1/royalty-reports/{report['id']}/check"
    early = await market.seller.get(at)
    assert (early.status_code, early.json()["code"]) == (409, "no_figures")
    await file(market, licence, 1, 400_000_000)
    found = await ok(await market.seller.get(at))
    assert [flag["reason"] for flag in found["flags"]] == ["below_declared"]
    assert found["flags"][0]["seen_basis_points"] == 4_000
    assert (await market.buyer.get(at)).status_code == 403
    assert (await market.stranger.get(at)).status_code == 404
