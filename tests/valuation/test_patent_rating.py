"""Screening, classifying and rating: small made-up cases, and the real records end to end."""

import json
import tracemalloc
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from scipy import sparse

from marketplace.kernel.db import Sessions
from marketplace.kernel.errors import MarketplaceError
from marketplace.valuation.indicators import PROXIES, Indicator
from marketplace.valuation.purposes import Purpose
from marketplace.valuation.rating import service
from marketplace.valuation.rating.claims import claimed
from marketplace.valuation.rating.clusters import cluster, matched
from marketplace.valuation.rating.grading import cohorts, graded
from marketplace.valuation.rating.measures import Corpus, Field, measured, ranks
from marketplace.valuation.rating.naming import Vocabulary, names_of
from marketplace.valuation.rating.novelty import novelty
from marketplace.valuation.rating.pipeline import Outcome, rate
from marketplace.valuation.rating.printing import report
from marketplace.valuation.rating.records import Facts, facts_of, number_key
from marketplace.valuation.rating.screening import Reason, reasons_against
from marketplace.valuation.rating.service import Terms
from marketplace.valuation.rating.texts import Vectoriser, n_grams, of_length_one, runs, words
from marketplace.valuation.registry.contents import ScreeningRules
from tests.factories.bank import refused
from tests.factories.deals import ok
from tests.factories.people import person

REAL = Path(__file__).parents[3] / "shared" / "data" / "patents.jsonl"
AS_OF = date(2026, 11, 22)
RULES = ScreeningRules(
    term_years={"patent": 20, "utility_model": 10}, characters_min=10, granted_only=False
)


def record(number: int, **changed: Any) -> dict[str, Any]:
    known = {
        "id": f"KR{1_000_000 + number}A",
        "kind": "A",
        "title": f"수소 저장 장치 {number}",
        "abstract": "고압 용기에 수소를 저장하는 장치의 구조를 개선한다.",
        "language": "ko",
        "filing_date": "2020-01-01",
        "ipc": ["F17C5/06"],
    }
    return known | changed


def facts(number: int, **changed: Any) -> Facts:
    return facts_of(record(number, **changed))


@pytest.fixture
async def terms(sessions: Sessions) -> Terms:
    async with sessions() as session:
        return await service.terms_in_force(session, Purpose.TRANSACTION, as_of=AS_OF, seed=1)


def rated(file: Path, terms: Terms, **changed: Any) -> Outcome:
    asked = {"as_of": terms.as_of, "seed": terms.seed, "say": lambda _: None} | changed
    return rate(file, terms.rules, terms.weights, **asked)


def written(folder: Path, records: list[dict[str, Any]]) -> Path:
    file = folder / "records.jsonl"
    file.write_text("\n".join(json.dumps(one, ensure_ascii=False) for one in records))
    return file


@pytest.mark.parametrize(
    ("changed", "reasons"),
    [
        ({}, []),
        ({"kind": "S1"}, [Reason.DESIGN]),
        ({"status": "소멸"}, [Reason.ENDED]),
        ({"filing_date": "2006-11-21"}, [Reason.TERM_OVER]),
        ({"filing_date": "2006-12-01"}, []),
        ({"filing_date": "2016-11-01", "kind": "Y1"}, [Reason.TERM_OVER]),
        ({"filing_date": "2026-11-23"}, [Reason.NOT_FILED_YET]),
        ({"filing_date": None}, [Reason.NO_DATE]),
        ({"title": "수소", "abstract": None}, [Reason.NO_TEXT]),
        ({"status": "거절", "title": "수소", "abstract": ""}, [Reason.ENDED, Reason.NO_TEXT]),
    ],
)
def test_screening_tells_every_reason(changed: dict[str, Any], reasons: list[Reason]) -> None:
    assert reasons_against(facts(1, **changed), RULES, AS_OF) == reasons
    granted = RULES.model_copy(update={"granted_only": True})
    assert Reason.NOT_GRANTED in reasons_against(facts(1), granted, AS_OF)
    assert reasons_against(facts(1, status="등록"), granted, AS_OF) == []


def test_words_of_any_language_become_pieces() -> None:
    assert list(runs("Fuel-cell 수소차 燃料 2")) == [
        (False, "fuel"),
        (False, "cell"),
        (True, "수소차"),
        (True, "燃料"),
    ]
    assert list(n_grams(True, "수소차", letters=4, cjk=2)) == ["수소", "소차"]
    assert list(n_grams(False, "fuel", letters=4, cjk=2)) == [" fue", "fuel", "uel "]
    assert list(words("수소를 저장하는 燃料电池 with hydrogen")) == [
        "수소",
        "저장하",
        "燃料",
        "料电",
        "电池",
        "hydrogen",
    ]


def test_numbers_find_each_other_without_kind_codes() -> None:
    assert number_key("US6836899B1") == number_key("US 6836899") == "US6836899"
    assert number_key("EP0 890 321A2") == number_key("EP890321")


def vectors(texts: list[str]) -> Any:
    made = Vectoriser(4, 2, 14)
    for text in texts:
        made.add(text)
    return made.matrix()


def test_novelty_looks_only_at_earlier_texts_of_other_families() -> None:
    texts = [
        "수소 저장 용기",
        "수소 저장 용기",
        "수소 저장 탱크",
        "수소 저장 탱크",
        "hydrogen tank",
    ]
    dates = ["2020-01-01", "2020-01-01", "2021-01-01", "2022-01-01", "2023-01-01"]
    known = [
        facts(at, title=text, filing_date=day, application_number=family, language=language)
        for at, (text, day, family, language) in enumerate(
            zip(texts, dates, "abccd", ["ko"] * 4 + ["en"], strict=True)
        )
    ]

    found = novelty(vectors(texts), known)

    # the first two are of one day; the fourth is of the third's family; the last is in English
    assert np.isnan(found.scores[[0, 1, 4]]).all()
    assert found.scores[2] == pytest.approx(found.scores[3], abs=1e-6)
    assert 0 < found.scores[2] < 1
    assert found.nearest[[2, 3]].tolist() == [0, 0]


def test_novelty_in_blocks_is_that_of_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(7)
    matrix = of_length_one(sparse.random_array((300, 64), density=0.2, rng=generator).tocsr())
    days = [date(2020, 1 + at % 12, 1).isoformat() for at in range(300)]
    known = [facts(at, filing_date=days[at]) for at in range(300)]
    at_once = novelty(matrix, known)
    monkeypatch.setattr("marketplace.valuation.rating.novelty.ROWS", 32)
    monkeypatch.setattr("marketplace.valuation.rating.novelty.COLUMNS", 64)

    in_blocks = novelty(matrix, known)

    np.testing.assert_allclose(in_blocks.scores, at_once.scores, atol=1e-9)
    assert np.isnan(at_once.scores).sum() == days.count("2020-01-01")


def test_clusters_find_what_was_planted_and_a_seed_finds_it_again() -> None:
    topics = [
        "fuel cell stack hydrogen membrane",
        "shoe insole heel leather",
        "수소 저장 용기 압력",
    ]
    texts = [topics[at % 3] + f" {at}" for at in range(60)]
    matrix = vectors(texts)

    found = cluster(matrix, count=3, passes_max=20, seed=3)

    assert [len(set(found.labels[at::3].tolist())) for at in range(3)] == [1, 1, 1]
    again = cluster(matrix, count=3, passes_max=20, seed=3)
    assert np.array_equal(found.labels, again.labels)
    moved = matched(found.labels, (found.labels + 1) % 3)
    assert moved == {new: ((new - 1) % 3, 1.0) for new in range(3)}


def test_names_say_what_sets_a_cluster_apart() -> None:
    found = [Vocabulary(), Vocabulary()]
    for at in range(4):
        found[0].add(facts(at, title="Hydrogen storage tank", ipc=["F17C5/06"]))
        found[1].add(facts(at, title="Hydrogen burner nozzle", ipc=["F23D14/00"]))
    assert names_of(found) == ["F17C · storage, tank, hydrogen", "F23D · burner, nozzle, hydrogen"]


def test_ranks_count_equals_half_and_leave_the_unknown_out() -> None:
    values = np.array([1.0, 2.0, 2.0, np.nan, 9.0])
    found = ranks(values, np.array([0, 0, 0, 0, 1]))
    assert found.tolist()[:3] == pytest.approx([1 / 6, 4 / 6, 4 / 6])
    assert np.isnan(found[3])
    assert found[4] == 0.5


def test_grades_follow_the_stanine_and_the_unknown_is_said(terms: Terms) -> None:
    values = {name: np.full(100, np.nan) for name in Indicator}
    for name in list(Indicator)[:10]:
        values[name] = np.arange(100, dtype=float)
    values[Indicator.PATENT_LIFE][0] = np.nan

    found = graded(values, np.zeros(100, dtype=np.int64), terms.weights, terms.rules)

    counts = [found.grades.count(grade) for grade in terms.rules.grades]
    assert counts == [4, 7, 12, 17, 20, 17, 12, 7, 4]
    assert (found.grades[-1], found.grades[0]) == ("AAA", "C")
    assert found.coverage[0] < found.coverage[1] < 1
    assert sum(found.weights.values()) == pytest.approx(1)


def test_too_little_known_is_not_rated(terms: Terms) -> None:
    values = {name: np.full(40, np.nan) for name in Indicator}
    values[Indicator.PATENT_LIFE] = np.arange(40, dtype=float)
    found = graded(values, np.zeros(40, dtype=np.int64), terms.weights, terms.rules)
    assert found.grades == [None] * 40


def test_small_sections_are_graded_together() -> None:
    known = [facts(at, ipc=["A01B1/00" if at < 30 else "C01B3/00"]) for at in range(35)]
    names, labels = cohorts(known, 30)
    assert names == ["IPC section A", "other IPC sections"]
    assert np.bincount(labels).tolist() == [30, 5]
    assert cohorts(known[:10], 30)[0] == ["all IPC sections"]


def test_every_indicator_has_a_proxy_that_is_measured(terms: Terms) -> None:
    told = {
        "cited_by_count": 3,
        "technology_readiness_level": 6,
        "deals_recorded": 2,
        "challenges_survived": 1,
        "claims_count": 12,
        "first_claim": "A tank for hydrogen",
        "applicants": [{"name": "Hanbit"}],
    }
    both = [facts(1, **told), facts(2, family_countries=["KR", "US"])]
    claims = [claimed(one) for one in both]
    corpus = Corpus(both, claims, np.zeros(2, dtype=np.int64), np.array([0.4, np.nan]), {}, AS_OF)

    found = measured(corpus, terms.rules)

    assert set(found) == set(PROXIES) == set(Indicator)
    assert not [name for name, values in found.items() if np.isnan(values[0])]
    unknown = {name for name, values in found.items() if np.isnan(values[1])}
    assert {Indicator.LITIGATION, Indicator.LICENSING_AND_TRANSFER} < unknown
    assert found[Indicator.COVERAGE].tolist() == [1, 2]
    assert Field(4, 0, 0, Counter(["a", "a", "", ""])).concentration == pytest.approx(6 / 16)


def peak_bytes(count: int) -> int:
    generator = np.random.default_rng(1)
    matrix = sparse.random_array((count, 2_048), density=0.01, rng=generator).tocsr()
    known = [facts(at, filing_date=f"{2000 + at % 20}-01-01") for at in range(count)]
    rows = of_length_one(matrix)
    tracemalloc.start()
    cluster(rows, count=20, passes_max=3, seed=1)
    novelty(rows, known)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_square_of_the_corpus() -> None:
    small, large = peak_bytes(1_000), peak_bytes(4_000)
    assert large < 6 * small
    assert large < 4_000**2 * 2


def test_an_unreadable_line_is_named(tmp_path: Path, terms: Terms) -> None:
    file = written(tmp_path, [record(1), {"title": "no number"}])
    with pytest.raises(MarketplaceError, match=r"line 2 of records\.jsonl"):
        rated(file, terms)


def test_nothing_to_rate_is_an_answer(tmp_path: Path, terms: Terms) -> None:
    outcome = rated(written(tmp_path, [record(1, status="취하")]), terms)
    assert (outcome.screened, outcome.grades) == ({"ended": 1}, {})
    assert "\n".join(report(outcome, terms.rules.grades))


def test_an_earlier_day_knows_nothing_of_what_came_later(tmp_path: Path, terms: Terms) -> None:
    day = date(2012, 1, 1)
    known = [
        record(
            at,
            id=f"US{7_000_000 + at}B1",
            abstract=f"수소 저장 {at % 7} 용기 압력 {at % 3} 센서" * 2,
            filing_date=f"{2000 + at % 11}-01-01",
            claims_count=1 + at % 9,
            grant_date="2011-01-01" if at % 2 else None,
        )
        for at in range(60)
    ]
    citing = {"citations": [known[0]["id"], known[1]["id"]], "filing_date": "2009-01-01"}
    known.append(record(60, **citing))
    later = [record(100 + at, **citing | {"filing_date": "2026-11-01"}) for at in range(30)]
    granted = [
        one | {"grant_date": one["grant_date"] or "2013-01-01"} if "grant_date" in one else one
        for one in known
    ]

    before = rated(written(tmp_path, known), terms, as_of=day)
    after = rated(written(tmp_path, [*granted, *[known[-1]] * 5, *later]), terms, as_of=day)

    found = {one.record: one for one in after.ratings}
    assert [found[one.record] for one in before.ratings] == before.ratings
    assert sum(one.grade is not None for one in before.ratings) == 61


async def test_a_run_is_kept_and_can_be_made_again(
    tmp_path: Path, terms: Terms, client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    made = [
        record(
            at,
            abstract=f"수소 저장 {at % 7} 용기 압력 {at % 3} 센서" * 2,
            filing_date=f"{2010 + at % 15}-01-01",
            applicants=[{"name": f"owner {at % 5}"}],
            claims_count=1 + at % 9,
            first_claim="수소 저장 용기",
        )
        for at in range(50)
    ]
    file = written(tmp_path, [*made, record(99, kind="S1")])
    outcome = rated(file, terms)
    async with sessions.begin() as session:
        run = await service.store(session, outcome, terms, corpus=file.name)
    reader = await person(client, sessions)

    shown = await ok(await reader.get(f"/v1/valuation/rating-runs/{run.id}"))
    (listed,) = (await ok(await reader.get("/v1/valuation/rating-runs")))["items"]
    page = await ok(await reader.get(f"/v1/valuation/rating-runs/{run.id}/ratings", limit=100))
    own = await ok(await reader.get("/v1/valuation/ratings", record="KR1000007A"))

    assert listed.items() <= shown.items()
    assert (shown["records"], shown["summary"]["screened"]) == (51, {"design": 1})
    assert sum(cluster["filings"] for cluster in shown["summary"]["clusters"]) == 50
    assert len(page["items"]) == 51
    assert own["items"] == [one for one in page["items"] if one["record"] == "KR1000007A"]
    assert {one["grade"] for one in page["items"] if not one["reasons"]} <= {*terms.rules.grades}
    async with sessions() as session:
        before = await service.terms_of(session, run.id)
        assert await service.differences(session, run.id, rated(file, before)) == []
        file.write_text(file.read_text() + "\n")
        with pytest.raises(MarketplaceError, match="SHA-256"):
            await service.differences(session, run.id, rated(file, before))
    unknown = "/v1/valuation/rating-runs/00000000-0000-0000-0000-000000000007"
    await refused(await reader.get(unknown), 404, "not_found")


@pytest.mark.skipif(not REAL.exists(), reason="the shared records of patents are not here")
def test_the_real_records_end_to_end(terms: Terms) -> None:
    said: list[str] = []
    outcome = rated(REAL, terms, say=said.append)

    assert len(outcome.ratings) == 884
    assert outcome.screened["design"] == 240
    passed = [one for one in outcome.ratings if one.grade]
    assert len(passed) > 400
    assert {one.grade for one in passed} == {*terms.rules.grades}
    assert all(one.cohort and one.cluster is not None for one in passed)
    assert all("·" in one.name for one in outcome.clusters if one.filings > 20)
    by_number = {one.record: one for one in outcome.ratings}
    assert by_number["KR20240072778A"].novelty is not None
    assert [line.split(":")[0] for line in said] == ["stage 1", "stage 2", "stage 2", "stage 3"]
    lines = "\n".join(report(outcome, terms.rules.grades))
    assert "a design protects a shape" in lines
    assert outcome == rated(REAL, terms)
