from contextlib import suppress
from http import HTTPStatus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from marketplace.assets.identifiers import (
    INPUT_LENGTH_MAX,
    DocumentClass,
    InvalidIdentifierError,
    normalize_publication,
    parse,
)
from marketplace.assets.identifiers.registry import FORMS, forms_of

WRITTEN_LIKE_A_FORM = st.one_of(
    [
        st.tuples(
            st.sampled_from([office, ""]),
            st.sampled_from(["", " ", "-"]),
            st.from_regex(form.pattern, fullmatch=True, alphabet=st.characters(codec="ascii")),
        ).map("".join)
        for office in (*FORMS, "AU")
        for form in forms_of(office)
    ]
)
OFFICES = st.none() | st.sampled_from(["KR", "cn", "US", "EP", "WO", "JP", "AU", "DE"])
CLASSES = st.none() | st.sampled_from(DocumentClass)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        " ",
        "\x00",
        "KR 10-1536536\x00",
        "KR 10-1536536\x1f",
        "\ud800",
        "디자인 제10-1536536호",
        "특허 제10-153653호",
        "특허 10-1536536\x1f",
        "特許第6543210号 B3",
        "特開6543210",
        "号",
        "KR 10-153653",
        "KR 50-1536536",
        "KR 10-1536536 Y1",
        "CN 202170123456.7",
        "CN 207705012 A",
        "CN 50101765.1",
        "US 0",
        "US 111,123,456 B2",
        "US 11,123,456 S1",
        "USD281167B2",
        "US 1999/0167116 A1",
        "EP 0000000 A1",
        "EP 3 123 456 C1",
        "PCT/XX2019/007410",
        "WO 1977/000001",
        "WO20011234",
        "JP H12-179521 A",
        "JP 30-2468 A",
        "AU 000",
        "１" * (INPUT_LENGTH_MAX + 1),
        "9" * 10_000_000,
    ],
)
def test_what_is_not_a_number_is_refused_with_advice(raw: str) -> None:
    with pytest.raises(InvalidIdentifierError, match=r"for example: |examples: ") as refusal:
        parse(raw)
    assert refusal.value.code == "invalid_identifier"
    assert refusal.value.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert len(str(refusal.value)) < 1_000
    assert "\x00" not in str(refusal.value)
    assert normalize_publication(raw) is None


def test_the_advice_names_the_forms_of_the_office() -> None:
    with pytest.raises(InvalidIdentifierError) as refusal:
        parse("12", "kr")
    assert str(refusal.value) == (
        "'12' is not understood; KR accepts for example: KR 10-2021-0012345 (application or"
        " publication); KR 2024-0072778 A (publication); KR 10-1536536 (grant or registration)"
    )


@pytest.mark.parametrize(
    ("raw", "office", "document_class", "message"),
    [
        ("US 1234567", "KR", None, "written as a number of US, but the office given is KR"),
        ("10-1536536", None, DocumentClass.APPLICATION, "is a grant of KR, not an application"),
        ("EP1000000A1", None, DocumentClass.GRANT, "is a publication of EP, not a grant"),
        ("10-1536536", "QQ", None, "'QQ' is not an office; use its ST.3 code"),
        ("10-1536536", "", None, "'' is not an office; use its ST.3 code"),
        ("101536536", None, None, "begin with the office's code, or give it as office"),
    ],
)
def test_contradictions_are_named(
    raw: str, office: str | None, document_class: DocumentClass | None, message: str
) -> None:
    with pytest.raises(InvalidIdentifierError) as refusal:
        parse(raw, office, document_class)
    assert message in str(refusal.value)


def test_full_width_digits_spaces_case_and_dashes_are_levelled() -> None:
    plain = parse("KR 10-1536536 B1")
    assert parse("ＫＲ　１０－１５３６５３６　Ｂ１") == plain
    assert parse("  kr\u00a010\u20131536536  b1\n") == plain


@example("²0²²", None, None)
@example("ß281167", "US", DocumentClass.GRANT)
@example("٣٤٥٦٧٨٩", "EP", DocumentClass.GRANT)
@given(st.text(max_size=80) | WRITTEN_LIKE_A_FORM, OFFICES | st.text(max_size=3), CLASSES)
def test_any_text_is_understood_or_refused(
    raw: str, office: str | None, document_class: DocumentClass | None
) -> None:
    normalize_publication(raw)
    with suppress(InvalidIdentifierError):
        assert parse(raw, office, document_class).raw == raw


@settings(max_examples=400)
@given(WRITTEN_LIKE_A_FORM, OFFICES, st.sampled_from(DocumentClass))
def test_what_is_displayed_reads_back_as_the_same_number(
    raw: str, office: str | None, document_class: DocumentClass
) -> None:
    try:
        identifier = parse(raw, office, document_class)
    except InvalidIdentifierError:
        return
    again = parse(identifier.display, identifier.office, identifier.document_class)
    assert again == identifier
    assert again.display == identifier.display
    assert parse(identifier.display, None, document_class) == identifier
