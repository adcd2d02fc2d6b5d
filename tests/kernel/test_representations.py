import pytest

from marketplace.kernel.representations import preferred, safe_cell

MEDIA = ["application/json", "text/csv", "application/pdf"]
LANGUAGES = ["ko", "zh", "en"]


@pytest.mark.parametrize(
    ("header", "offered", "found"),
    [
        ("", MEDIA, None),
        ("*/*", MEDIA, "application/json"),
        ("text/csv", MEDIA, "text/csv"),
        ("application/json;q=0.4, application/pdf", MEDIA, "application/pdf"),
        ("text/*", MEDIA, "text/csv"),
        ("image/png, text/csv;q=0", MEDIA, None),
        ("image/png, */*;q=0.1", MEDIA, "application/json"),
        ("text/csv;q=high", MEDIA, None),
        ("zh-TW,zh;q=0.9,en;q=0.8", LANGUAGES, "zh"),
        ("fr-FR, en-GB;q=0.7, ko;q=0.3", LANGUAGES, "en"),
        ("*", LANGUAGES, "ko"),
        ("zhx", LANGUAGES, None),
        (",;=,q=1;;", LANGUAGES, None),
    ],
)
def test_what_is_liked_best_of_what_there_is(
    header: str, offered: list[str], found: str | None
) -> None:
    assert preferred(header, offered) == found


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert safe_cell(text) == f"'{text}"
    assert safe_cell(f"a{text}") == f"a{text}"
