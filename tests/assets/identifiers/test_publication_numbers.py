import pytest

from marketplace.assets.identifiers import normalize_publication


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("WO9912345", "WO1999012345"),
        ("WO0198623A1", "WO2001098623A1"),
        ("US2002/0066904A1", "US2002066904A1"),
        ("KR2001-0024348", "KR20010024348"),
        ("JP8-179521", "JPH08179521"),
        ("EP083612", "EP0083612"),
        ("PCT/EP02/07746", "PCT/EP2002/007746"),
        ("EP7054A1", "EP0007054A1"),
        ("WOWO2003-EP8824", None),
        ("IT19732A/88", None),
        ("JPHEI 3-53606", None),
    ],
)
def test_published_vectors(text: str, normalized: str | None) -> None:
    assert normalize_publication(text) == normalized


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("KR 10-2024-0072778", "KR20240072778A"),
        ("KR 10-1536536 B1", "KR101536536B1"),
        ("US 6,147,451 A", "US6147451A"),
        ("US11244147", "US11244147"),
        ("JP11-46460A", "JPH1146460A"),
        ("CN 107705012 A", "CN107705012A"),
        ("WOWO 99/39395", "WO1999039395"),
        ("DE10142737B4 ", "DE10142737B4"),
        ("1234567", None),
        ("KR1020140120000", None),
        ("CN 202110123456.7", None),
    ],
)
def test_citations_match_docdb_unless_they_could_mean_two_documents(
    text: str, normalized: str | None
) -> None:
    assert normalize_publication(text) == normalized
