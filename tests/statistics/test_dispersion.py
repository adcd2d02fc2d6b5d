"""Measures of dispersion and cooperation against published and recomputed figures."""

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from marketplace.kernel.db import Sessions
from marketplace.statistics.dispersion import auditing, network, rules
from marketplace.statistics.dispersion.auditing import Claim, Line, audit, impossible, repaired
from marketplace.statistics.regions import NAMES, region_code, region_name
from tests.factories.deals import ok
from tests.factories.people import person

REFERENCE = Path("/work/shared/data/reference")
near = pytest.approx
needs_reference = pytest.mark.skipif(
    not (REFERENCE / "cooperation_table1.csv").exists(), reason="the reference data are not here"
)


def printed_table() -> tuple[list[Line], Line]:
    with (REFERENCE / "cooperation_table1.csv").open() as file:
        rows = [*csv.DictReader(file)]
    lines = [
        Line(
            row["province_printed"] or row["province"] or row["rank"],
            int(row["invention"]),
            int(row["co_invention_printed"]),
            Decimal(row["degree_printed"]),
        )
        for row in rows
    ]
    return lines[:-1], lines[-1]


def assert_measures(values: list[int], expected: dict[str, float]) -> None:
    found = rules.dispersion(values)
    assert (found.regions, found.total, found.range) == (
        expected["n"],
        expected["sum"],
        expected["range"],
    )
    assert (found.std, found.cv, found.gini) == (
        near(expected["std"], abs=5e-7),
        near(expected["cv"], abs=5e-7),
        near(expected["gini"], abs=5e-7),
    )


@needs_reference
def test_the_reference_table_reproduces_as_printed_and_repaired() -> None:
    expected = json.loads((REFERENCE / "dispersion.json").read_text())["table1_computed"]
    lines, total = printed_table()
    assert_measures([line.whole for line in lines], expected["inventions"])
    assert_measures([line.together for line in lines], expected["co_inventions_as_printed"])
    mended = repaired(lines, audit(lines, total))
    assert mended is not None
    assert_measures([line.together for line in mended], expected["co_inventions_repaired"])
    whole, together = [line.whole for line in mended], [line.together for line in mended]
    assert rules.herfindahl(together) == near(0.113874, abs=5e-7)
    degree = rules.cooperation_degree(together, whole)
    assert degree is not None
    assert (degree.numerator * 11101 // degree.denominator, float(degree)) == (
        5483,
        near(0.49392, abs=1e-5),
    )
    ratios = [100 * line.together / line.whole for line in mended]
    assert sum(ratios) / len(ratios) == near(57.60, abs=0.005)
    assert sum(ratio < 100 * degree for ratio in ratios) == 8


@needs_reference
def test_the_audit_finds_the_wrong_cell_and_its_only_repair() -> None:
    found = audit(*printed_table())
    assert len(found.faults) == 2
    (repair,) = found.repairs
    assert (repair.name, repair.column, repair.printed, repair.repaired) == (
        "Fujian",
        "together",
        "91",
        "87",
    )


@needs_reference
def test_the_printed_series_that_cannot_be_is_refused() -> None:
    series = json.loads((REFERENCE / "dispersion.json").read_text(), parse_float=Decimal)["series"]
    found = {
        one["year"]: impossible(Claim(31, one.get("std"), one.get("cv"), one["gini"]))
        for one in series
    }
    assert {year for year, faults in found.items() if faults} == {2012, 2021}
    assert found[2012] == [
        "std 4.42 and cv 1.196 imply a total between 114.39 and 114.74: no integer"
    ]
    assert any("above its maximum 1 - 1/31 = 0.9677" in fault for fault in found[2021])


@pytest.mark.parametrize(
    ("values", "gini"), [([2, 4, 6, 8], 0.25), ([5, 5, 5], 0), ([0, 0, 0, 9], 0.75), ([0, 0], None)]
)
def test_small_ginis(values: list[int], gini: float | None) -> None:
    assert rules.locational_gini(values) == (None if gini is None else near(gini))
    if gini == 0.25:
        found = rules.dispersion(values)
        assert (found.std, found.cv) == (near(2.581989, abs=5e-7), near(0.516398, abs=5e-7))


def test_a_location_quotient() -> None:
    assert rules.location_quotient(30, 100, 200, 1000) == near(1.5)
    assert rules.location_quotient(0, 0, 200, 1000) is None


GRAPH = [["A", "B"]] * 3 + [["A", "C"], ["A", "D"]] + [["B", "C"]] * 2 + [["D", "E"]]


def test_the_measures_of_a_network() -> None:
    found = network.measure(network.graph_of([*GRAPH, ["Z"]][:-1]))
    told = {one.applicant: one for one in found.standings}
    assert (found.density, found.centralisation) == (near(0.5), near(0.416667, abs=5e-7))
    expected: dict[str, tuple[float, ...]] = {
        "A": (0.75, 0.666667, 0.8, 0.611111, 0.771378, 2.333333),
        "B": (0.5, 0, 0.571429, 1.006944, 0.808178, 1),
        "C": (0.5, 0, 0.571429, 1.006944, 1.288889, 1),
        "D": (0.5, 0.5, 0.666667, 0.5, 0.5, 2),
        "E": (0.25, 0, 0.444444, 1, 1, 1),
    }
    for name, values in expected.items():
        one = told[name]
        measured = (
            one.degree,
            one.betweenness,
            one.closeness,
            one.constraint,
            one.weighted_constraint,
            one.effective_size,
        )
        assert measured == near(values, abs=5e-7), name


def test_an_isolate_has_no_constraint_and_parts_weigh_less() -> None:
    graph = network.graph_of([["A", "B", "C"], ["Z"]], fractional=True)
    assert graph["A"] == {"B": 0.5, "C": 0.5}
    assert (network.constraint(graph, "Z", weighted=True), network.effective_size(graph, "Z")) == (
        None,
        None,
    )


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Pekin", "CN-BJ"),
        ("Canton", "CN-GD"),
        ("Ji Lin", "CN-JL"),
        ("Amur", "CN-HL"),
        ("Henan (Province)", "CN-HA"),
        ("内蒙古自治区", "CN-NM"),
        ("서울특별시", "KR-11"),
        ("충청북도", "KR-43"),
        ("kr-26", "KR-26"),
        ("Autonomous Region", None),
        ("Atlantis", None),
    ],
)
def test_a_region_has_one_code_by_any_name(name: str, code: str | None) -> None:
    assert region_code(name) == code


def test_every_region_has_a_name_in_each_language() -> None:
    for code in NAMES:
        assert all(region_name(code, language) != code for language in ("en", "ko", "zh"))
    assert (region_name("CN-NM", "en"), region_name("KR-11", "zh")) == ("Inner Mongolia", "首尔")


PATH = "/v1/statistics/dispersion"


async def test_over_http_a_table_is_measured_and_audited(
    client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    reader = await person(client, sessions)
    body: dict[str, Any] = {
        "regions": [
            {
                "region": "Pekin",
                "whole": 100,
                "together": 60,
                "printed_degree": "60.00",
                "field": 30,
            },
            {
                "region": "Fujian",
                "whole": 117,
                "together": 91,
                "printed_degree": "74.36",
                "field": 0,
            },
        ],
        "printed_total": {"whole": 217, "together": 147, "degree": "67.74"},
        "printed_measures": [{"label": "2021", "regions": 31, "gini": "0.970"}],
        "patents": GRAPH,
    }
    found = await ok(await reader.post(PATH, body))
    assert [one["code"] for one in found["regions"]] == ["CN-BJ", "CN-FJ"]
    assert found["audit"]["repairs"][0]["repaired"] == "87"
    assert found["cooperation"]["degree"] == near(151 / 217)
    assert found["printed_measures"][0]["is_possible"] is False
    assert found["network"]["density"] == near(0.5)
    assert found["regions"][0]["location_quotient"] == near((30 / 100) / (30 / 217))
    refused = await reader.post(PATH, {"regions": [], "platform": {"begins": "2025-01-01"}})
    assert (refused.status_code, refused.json()["code"]) == (422, "validation_failed")
    assert auditing.repaired([], auditing.Audit([], [])) is None
