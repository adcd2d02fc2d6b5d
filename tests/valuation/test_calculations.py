"""Calculations over HTTP: every method, its steps, its range, and what is refused."""

from typing import Any

import httpx2
import pytest

from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.db import Sessions
from marketplace.valuation.calculations.examples import EXAMPLES
from marketplace.valuation.calculations.service import rounded
from marketplace.valuation.registry.contents import Method
from tests.factories.bank import refused
from tests.factories.deals import ok
from tests.factories.people import Person, person

PATH = "/v1/valuation/calculations"
RESULTS: dict[Method, float] = {
    Method.RELIEF_FROM_ROYALTY: 18_242.43,
    Method.TECHNOLOGY_FACTOR: 98_749_253,
    Method.EXCESS_EARNINGS: 111_689_696,
    Method.COMPARABLES: 106_250_000,
    Method.RECONCILIATION: 142_612_390,
    Method.REPLACEMENT_COST: 183_600_000,
    Method.ADJUSTED_REPRODUCTION: 132_000_000,
    Method.REAL_OPTION: 35_808_210,
    Method.WEIGHTED_COST: 0.107946,
    Method.BUILD_UP: 0.14672,
    Method.ECONOMIC_LIFE: 7.7,
}


def example(method: Method, **changed: Any) -> dict[str, Any]:
    body: dict[str, Any] = EXAMPLES[method]["value"] | changed
    return {name: value for name, value in body.items() if value is not ...}


ROYALTY = example(Method.RELIEF_FROM_ROYALTY, range=...)


@pytest.fixture
async def valuer(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await person(client, sessions, role=MemberRole.MEMBER)


@pytest.mark.parametrize("method", Method)
async def test_every_method_is_computed_and_shows_its_steps(valuer: Person, method: Method) -> None:
    body = example(method)

    found = await ok(await valuer.post(PATH, body))

    plain = {name: value for name, value in body.items() if not isinstance(value, list | dict)}
    assert plain.items() <= found["inputs"].items()
    assert found["lines"]
    assert all(line["values"] for line in found["lines"])
    assert found["models"][0]["name"] == method
    assert found["result"]["number"] == pytest.approx(RESULTS[method], rel=2e-5)
    amount, currency = found["result"]["amount"], body.get("currency")
    expected = {"amount_minor": rounded(found["result"]["number"]), "currency": currency}
    assert amount == (expected if currency else None)
    assert (found["range"] is not None) is ("range" in body)


async def test_a_person_can_check_it_by_hand(valuer: Person) -> None:
    found = await ok(await valuer.post(PATH, ROYALTY))

    lines = {line["label"]: line["values"] for line in found["lines"]}
    assert lines["royalty saved after tax"] == [3900, 4680, 5460, 5070, 4290]
    present = [s * f for s, f in zip(*list(lines.values())[:2], strict=True)]
    assert lines["present value"] == pytest.approx(present, abs=0.01)
    assert lines["sum of present values"] == [pytest.approx(sum(present), abs=0.01)]
    (factor,) = lines["tax amortisation benefit factor"]
    assert found["result"]["number"] == pytest.approx(sum(present) * factor, abs=0.01)
    assert found["base_date"] == "2026-06-30"


async def test_a_seed_gives_its_range_again(valuer: Person) -> None:
    asked = example(Method.RELIEF_FROM_ROYALTY)
    asked["range"] = asked["range"] | {"draws": 3_000}

    first, again = [await ok(await valuer.post(PATH, asked)) for _ in "12"]
    other = asked["range"] | {"seed": 8}
    differing = await ok(await valuer.post(PATH, asked | {"range": other}))

    assert again["range"] == first["range"] != differing["range"]
    numbers = [first["range"][end]["number"] for end in ("low", "median", "high")]
    assert numbers == sorted(numbers)
    assert numbers[0] < first["result"]["number"] < numbers[2]
    mean, error = first["range"]["mean"]["number"], first["range"]["standard_error"]
    assert abs(mean - first["result"]["number"]) < 4 * error


async def test_the_widest_swing_comes_first(valuer: Person) -> None:
    found = await ok(await valuer.post(PATH, example(Method.TECHNOLOGY_FACTOR)))
    swings = found["range"]["swings"]
    widths = [abs(swing["at_high"] - swing["at_low"]) for swing in swings]
    assert widths == sorted(widths, reverse=True)
    assert swings[0]["input"] == "strength"
    ends = [swing[end] for swing in swings for end in ("at_low", "at_high")]
    found_ends = (found["range"]["low"]["number"], found["range"]["high"]["number"])
    assert found_ends == (min(ends), max(ends))


async def test_lenders_leave_the_amortisation_benefit_out(valuer: Person) -> None:
    await refused(
        await valuer.post(PATH, ROYALTY | {"purpose": "loan"}), 409, "convention_excluded"
    )
    without = {n: v for n, v in ROYALTY.items() if n != "amortisation_years"}
    found = await ok(await valuer.post(PATH, without | {"purpose": "loan"}))
    assert found["result"]["amount"] == {"amount_minor": 15_552, "currency": "USD"}
    assert found["models"][0]["edition"] == "1-lenders"


async def test_the_table_in_force_gives_the_premium(valuer: Person) -> None:
    found = await ok(await valuer.post(PATH, example(Method.WEIGHTED_COST)))
    lines = {line["label"]: line["values"] for line in found["lines"]}
    assert lines["commercialisation premium"] == [0.0222]
    assert lines["the same by formula, for comparison"] == [pytest.approx(0.0221, abs=5e-6)]
    names = [model["name"] for model in found["models"]]
    assert names == ["weighted_cost", "commercialisation_premium"]


def spread(**ends: float) -> dict[str, Any]:
    return {"kind": "monte_carlo", "draws": 100, "seed": 1, "over": {"terminal_growth": ends}}


LONG = {"kind": "monte_carlo", "draws": 50_000, "over": {"amounts": {"low": 1.0, "high": 2.0}}}
REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "growth at the rate": (ROYALTY | {"terminal_growth": 0.15}, 422, "growth_not_below_rate"),
    "growth that a draw may bring": (
        ROYALTY | {"terminal_growth": 0.01, "range": spread(low=0.0, high=0.15)},
        422,
        "growth_not_below_rate",
    ),
    "a range over nothing": (
        ROYALTY | {"range": spread(low=0.0, high=0.1)},
        422,
        "unknown_variable",
    ),
    "too many draws for its years": (
        ROYALTY | {"revenues_minor": [1] * 40, "range": LONG},
        422,
        "too_much_work",
    ),
    "too many years": (ROYALTY | {"revenues_minor": [1] * 41}, 422, "validation_failed"),
    "a royalty above one": (ROYALTY | {"royalty_rate": 1.5}, 422, "validation_failed"),
    "a rate as a text": (ROYALTY | {"royalty_rate": "0.05"}, 422, "validation_failed"),
    "a day before any model": (ROYALTY | {"base_date": "2019-12-31"}, 409, "model_not_allowed"),
    "a result beyond money": (
        ROYALTY | {"revenues_minor": [999_999_999_999_999] * 40, "discount_rate": -0.9},
        422,
        "impossible_input",
    ),
    "weights that are not whole": (
        example(
            Method.RECONCILIATION,
            approaches=[{"label": "one", "value_minor": 1, "weight": 0.9}],
        ),
        422,
        "weights_not_whole",
    ),
    "no comparable left": (
        example(
            Method.COMPARABLES,
            comparables=[EXAMPLES[Method.COMPARABLES]["value"]["comparables"][2]],
        ),
        422,
        "nothing_comparable",
    ),
    "a score outside the table": (
        example(Method.WEIGHTED_COST, technology_score=51.0),
        422,
        "score_outside_table",
    ),
    "a life that is over": (
        example(Method.ECONOMIC_LIFE, legal_years=-1.0),
        422,
        "life_not_positive",
    ),
    "series of different lengths": (
        example(
            Method.TECHNOLOGY_FACTOR,
            free_cash_flows_minor=...,
            range=...,
            business={
                "earnings_minor": [1, 2],
                "tax_rate": 0.2,
                "depreciation_minor": [1],
                "capital_expenditure_minor": [1, 1],
                "working_capital_increase_minor": [0, 0],
            },
        ),
        422,
        "lengths_differ",
    ),
    "working capital that comes back for ever": (
        example(
            Method.TECHNOLOGY_FACTOR,
            free_cash_flows_minor=...,
            range=...,
            terminal_growth=0.01,
            business={
                "earnings_minor": [1, 2],
                "tax_rate": 0.2,
                "depreciation_minor": [1, 1],
                "capital_expenditure_minor": [1, 1],
                "working_capital_increase_minor": [0, 0],
                "working_capital_recovered_minor": 1,
            },
        ),
        422,
        "validation_failed",
    ),
    "both of two": (
        example(Method.WEIGHTED_COST, technology_premium=0.02),
        422,
        "validation_failed",
    ),
    "an unknown method": ({"method": "feeling"}, 422, "validation_failed"),
}


@pytest.mark.parametrize(("body", "status", "code"), REFUSED.values(), ids=REFUSED)
async def test_what_cannot_be_is_refused(
    valuer: Person, body: dict[str, Any], status: int, code: str
) -> None:
    await refused(await valuer.post(PATH, body), status, code)


async def test_a_wrong_field_is_named_as_it_was_sent(valuer: Person) -> None:
    wrong = ROYALTY | {"revenues_minor": [1, "2"], "royalty_rate": 2}
    answer = await valuer.post(PATH, wrong)
    fields = [error["field"] for error in answer.json()["errors"]]
    assert fields == ["body.revenues_minor.1", "body.royalty_rate"]
    (error,) = (await valuer.post(PATH, {"method": "feeling"})).json()["errors"]
    assert error["field"] == "body.method"
    assert error["message"].endswith(f"{', '.join(Method)}")


async def test_who_only_reads_does_not_calculate(
    client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    viewer = await person(client, sessions, role=MemberRole.VIEWER)
    await refused(await viewer.post(PATH, ROYALTY), 403, "permission_missing")


@pytest.mark.parametrize(
    ("number", "minor"), [(0.5, 1), (1.5, 2), (2.4999, 2), (-0.5, -1), (1e15, 10**15)]
)
def test_halves_are_rounded_away_from_zero(number: float, minor: int) -> None:
    assert rounded(number) == minor
