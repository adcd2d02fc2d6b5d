"""Values against prices: who is flagged, and who must not be."""

import random
from datetime import timedelta
from math import exp, log

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from marketplace.valuation.accuracy.rules import N_MIN, Accuracy, Observation, assess
from marketplace.valuation.accuracy.service import note_price
from tests.factories.deals import ok
from tests.factories.valuations import POINT_MINOR, Desk

PRICE = 100_000_000


def observed(name: str, errors: list[float], width: float = 0.5) -> list[Observation]:
    """Values that miss the price by these logarithms, with ranges of one relative width."""
    values = [round(PRICE * exp(error)) for error in errors]
    return [
        Observation(name, v, round(v / exp(width)), round(v * exp(width)), PRICE) for v in values
    ]


def market(seed: int) -> list[Observation]:
    """Thirty-two honest institutions of many cases each, and a noisy market."""
    drawn = random.Random(seed)  # noqa: S311 - a repeatable market
    return [
        one
        for number in range(32)
        for one in observed(f"honest {number:02}", [drawn.gauss(0, 0.25) for _ in range(20)])
    ]


def of(name: str, found: list[Accuracy]) -> Accuracy:
    return next(one for one in found if one.institution == name)


@pytest.mark.parametrize("seed", range(5))
def test_a_planted_bias_is_found_and_honest_ones_are_not_blamed(seed: int) -> None:
    drawn = random.Random(f"biased {seed}")  # noqa: S311
    planted = observed("biased", [drawn.gauss(0.3, 0.25) for _ in range(30)])
    unlucky = observed("small", [0.9, 0.8, 0.7, 0.6, 0.5])
    found = assess([*market(seed), *planted, *unlucky])
    assert of("biased", found).flags == ("biased_high",)
    assert of("small", found) == Accuracy("small", 5)
    assert [one.institution for one in found if one.flags] == ["biased"]


@pytest.mark.parametrize("seed", range(5))
def test_beside_one_large_and_biased_institution_small_honest_ones_are_not_blamed(
    seed: int,
) -> None:
    drawn = random.Random(f"large {seed}")  # noqa: S311
    cases = {"a large": (200, 0.5), "b": (20, 0.0), "c": (12, 0.0)}
    found = assess(
        [
            one
            for name, (count, bias) in cases.items()
            for one in observed(name, [drawn.gauss(bias, 0.25) for _ in range(count)])
        ]
    )
    assert {one.institution: one.flags for one in found if one.flags} == {
        "a large": ("biased_high",)
    }


def test_few_cases_are_shrunk_towards_the_others() -> None:
    errors = [0.15] * N_MIN
    found = of("few", assess([*market(1), *observed("few", errors)]))
    assert found.bias == pytest.approx(0.15, abs=1e-6)
    assert found.shrunk_bias is not None
    assert abs(found.shrunk_bias) < 0.1
    assert found.flags == ()


def test_the_figures_by_hand() -> None:
    two = observed("one", [log(1.1)] * 4 + [log(0.8)] * 4, width=log(1.15))
    found = of("one", assess(two))
    assert found.cases == 8
    assert found.bias == pytest.approx((log(1.1) + log(0.8)) / 2, abs=1e-6)
    assert found.shrunk_bias == pytest.approx(found.bias * 8 / 18)
    assert found.median_absolute_error == pytest.approx((log(1.1) - log(0.8)) / 2, abs=1e-6)
    assert found.coverage == 0.5


def test_ranges_that_hold_hardly_any_price() -> None:
    drawn = random.Random(3)  # noqa: S311
    narrow = observed("narrow", [drawn.gauss(0, 0.25) for _ in range(40)], width=0.02)
    assert of("narrow", assess([*market(2), *narrow])).flags == ("ranges_too_narrow",)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(-1, 1)), max_size=60), st.randoms())
def test_the_order_does_not_matter(cases: list[tuple[str, float]], drawn: random.Random) -> None:
    found = [one for name, error in cases for one in observed(name, [error])]
    shuffled = drawn.sample(found, len(found))
    for one, other in zip(assess(found), assess(shuffled), strict=True):
        assert (one.institution, one.cases, one.flags) == (
            other.institution,
            other.cases,
            other.flags,
        )


async def test_a_sale_is_compared_with_the_report_that_was_valid(
    client: httpx2.AsyncClient, sessions: Sessions, clock: ShiftedClock
) -> None:
    desk = await Desk.open(client, sessions, clock, count=1)
    (valuer,) = desk.institutions
    await desk.ordered()
    await desk.finish()
    async with sessions.begin() as session:
        for _ in range(2):
            await note_price(
                session,
                desk.owner.user_id.__class__(desk.right_id),
                price_minor=POINT_MINOR,
                currency="KRW",
                sold_on=desk.today + timedelta(days=1),
                basis="deal:one",
            )
    own = await ok(await valuer.get("/v1/valuation/accuracy"))
    assert own == await ok(await desk.operator.get("/v1/valuation/accuracy"))
    assert [(one["cases"], one["bias"]) for one in own] == [(1, None)]
    assert await ok(await desk.owner.get("/v1/valuation/accuracy")) == []
