"""Published examples and the boundaries between forms, office by office."""

import pytest

from marketplace.assets.identifiers import DocumentClass, InvalidIdentifierError, parse
from marketplace.assets.identifiers.cn import check_digit as cn_check_digit
from marketplace.assets.identifiers.ep import check_digit as ep_check_digit

APPLICATION, PUBLICATION = DocumentClass.APPLICATION, DocumentClass.PUBLICATION
GRANT, REGISTRATION = DocumentClass.GRANT, DocumentClass.REGISTRATION

UNAMBIGUOUS = [
    ("KR 10-1536536", "KR:grant:1015365360000", "KR 10-1536536", None, "patent"),
    ("10-1536536-0000", "KR:grant:1015365360000", "KR 10-1536536", None, "patent"),
    ("KR101536536B1", "KR:grant:1015365360000", "KR 10-1536536 B1", "B1", "patent"),
    ("KR20-0125671Y1", "KR:grant:2001256710000", "KR 20-0125671 Y1", "Y1", "utility_model"),
    ("30-0506437", "KR:registration:3005064370000", "KR 30-0506437", None, "design"),
    ("40-0123456-0001", "KR:registration:4001234560001", "KR 40-0123456-0001", None, "trademark"),
    ("KR20240072778A", "KR:publication:1020240072778", "KR 10-2024-0072778 A", "A", "patent"),
    ("KR10 2008-0042094A", "KR:publication:1020080042094", "KR 10-2008-0042094 A", "A", "patent"),
    ("CN 202110123456.7", "CN:application:202110123456", "CN 202110123456.7", None, "patent"),
    ("202110123456.7", "CN:application:202110123456", "CN 202110123456.7", None, "patent"),
    ("CN2021101234567", "CN:application:202110123456", "CN 202110123456.7", None, "patent"),
    ("CN202110123456", "CN:application:202110123456", "CN 202110123456.7", None, "patent"),
    ("ZL 202110123456.7", "CN:grant:202110123456", "ZL 202110123456.7", None, "patent"),
    ("ZL 97101765.4", "CN:grant:97101765", "ZL 97101765.4", None, "patent"),
    ("CN107705012A", "CN:publication:107705012", "CN 107705012 A", "A", "patent"),
    ("CN100494015C", "CN:grant:100494015", "CN 100494015 C", "C", "patent"),
    ("CN2566701Y", "CN:grant:2566701", "CN 2566701 Y", "Y", "utility_model"),
    ("CN 300841948", "CN:grant:300841948", "CN 300841948", None, "design"),
    ("US 11,123,456 B2", "US:grant:11123456", "US 11,123,456 B2", "B2", "patent"),
    ("US07318131B2", "US:grant:7318131", "US 7,318,131 B2", "B2", "patent"),
    ("US-11123456-B2", "US:grant:11123456", "US 11,123,456 B2", "B2", "patent"),
    ("USD281167S", "US:grant:D281167", "US D281,167 S", "S", "design"),
    ("USRE39998E1", "US:grant:RE39998", "US RE39,998 E1", "E1", None),
    ("US PP12,345 P2", "US:grant:PP12345", "US PP12,345 P2", "P2", "patent"),
    ("US 2014/0167116 A1", "US:publication:2014167116", "US 2014/0167116 A1", "A1", "patent"),
    ("US2014167116A1", "US:publication:2014167116", "US 2014/0167116 A1", "A1", "patent"),
    ("14/104,993", "US:application:14104993", "US 14/104,993", None, None),
    ("29/104993", "US:application:29104993", "US 29/104,993", None, "design"),
    ("EP 3 123 456 A1", "EP:publication:3123456", "EP 3123456 A1", "A1", "patent"),
    ("EP7054A1", "EP:publication:0007054", "EP 0007054 A1", "A1", "patent"),
    ("EP0 240 590B1", "EP:grant:0240590", "EP 0240590 B1", "B1", "patent"),
    ("14833316.4", "EP:application:14833316", "EP 14833316.4", None, "patent"),
    ("EP 11759576", "EP:application:11759576", "EP 11759576", None, "patent"),
    (
        "PCT/KR2019/007410",
        "WO:application:PCT/KR2019/007410",
        "PCT/KR2019/007410",
        None,
        None,
    ),
    ("WO2019245288A1", "WO:publication:2019245288", "WO 2019/245288 A1", "A1", None),
    ("JPH08179521A", "JP:publication:H08179521", "JP H08-179521 A", "A", "patent"),
    ("JP8-179521A", "JP:publication:H08179521", "JP H08-179521 A", "A", "patent"),
    ("JP59-107935U", "JP:publication:US59107935", "JP S59-107935 U", "U", "utility_model"),
    ("JPS602468B2", "JP:publication:BS602468", "JP S60-2468 B2", "B2", "patent"),
    ("JP2003238103A", "JP:publication:2003238103", "JP 2003-238103 A", "A", "patent"),
    ("JP4219000B2", "JP:grant:4219000", "JP 4219000 B2", "B2", "patent"),
    ("JP1379169S", "JP:registration:S1379169", "JP 1379169 S", "S", "design"),
    ("JP P2003-8354", "JP:application:P2003008354", "JP P2003-008354", None, "patent"),
]

ASKED = [
    ("KR 10-2021-0012345", None, APPLICATION, "KR:application:1020210012345"),
    ("1020140128821", "KR", APPLICATION, "KR:application:1020140128821"),
    ("1020140128821", "KR", PUBLICATION, "KR:publication:1020140128821"),
    ("1020140120000", "KR", GRANT, "KR:grant:1020140120000"),
    ("KR 10-1536536", None, REGISTRATION, "KR:grant:1015365360000"),
    ("97101765.4", "CN", None, "CN:application:97101765"),
    ("CN107705012", None, GRANT, "CN:grant:107705012"),
    ("US11244147", None, GRANT, "US:grant:11244147"),
    ("US11244147", None, APPLICATION, "US:application:11244147"),
    ("EP1234567", None, PUBLICATION, "EP:publication:1234567"),
    ("01963450", "EP", APPLICATION, "EP:application:01963450"),
    ("01963450", "EP", PUBLICATION, "EP:publication:1963450"),
    ("AU2024270787A1", None, PUBLICATION, "AU:publication:2024270787"),
    ("DE 31 00 442 C1", None, GRANT, "DE:grant:3100442"),
    ("2853021A1", "fr", PUBLICATION, "FR:publication:2853021"),
    ("YU6701A", None, PUBLICATION, "YU:publication:6701"),
]


@pytest.mark.parametrize(("raw", "key", "display", "kind", "right"), UNAMBIGUOUS)
def test_a_form_that_tells_everything_needs_nothing_else(
    raw: str, key: str, display: str, kind: str | None, right: str | None
) -> None:
    identifier = parse(raw)
    assert identifier.raw == raw
    assert identifier.unique_key == key
    assert identifier.display == display
    assert identifier.kind_code == kind
    assert identifier.right_kind == right
    assert identifier.warnings == ()


@pytest.mark.parametrize(("raw", "office", "document_class", "key"), ASKED)
def test_the_caller_settles_what_the_form_leaves_open(
    raw: str, office: str | None, document_class: DocumentClass | None, key: str
) -> None:
    assert parse(raw, office, document_class).unique_key == key


@pytest.mark.parametrize(
    ("raw", "missing"),
    [
        ("KR 10-2021-0012345", "may be an application or a publication of KR; give its document_c"),
        ("KR1020140120000", "may be an application or a publication or a grant of KR; give its"),
        ("US11244147", "may be a grant or an application of US; give its document_class"),
        ("EP1234567", "may be a publication or a grant of EP; give its document_class"),
        ("CN1003456B", "may be a publication or a grant of CN; give its document_class"),
        ("97101765.4", "an application of CN or an application of EP; give its office: CN or EP"),
        ("AU784257", "application or a publication or a grant or a registration of AU; give its"),
    ],
)
def test_an_ambiguous_number_asks_for_what_is_missing(raw: str, missing: str) -> None:
    with pytest.raises(InvalidIdentifierError) as refusal:
        parse(raw)
    assert missing in str(refusal.value)


@pytest.mark.parametrize(
    ("raw", "asked", "advice"),
    [
        ("KR 2001-0024348", PUBLICATION, "KR 10-2001-0024348 is of a patent, KR 20-2001-0024348"),
        ("JP8-179521", PUBLICATION, "JP H08-179521 A for a published patent application"),
        ("JP 2003008354", APPLICATION, "JP P2003-008354 for a patent application"),
        ("JP 4219000", GRANT, "JP 4219000 B2 is a patent, U a utility model, S a design"),
    ],
)
def test_a_number_of_several_series_asks_which_one(
    raw: str, asked: DocumentClass, advice: str
) -> None:
    with pytest.raises(InvalidIdentifierError) as refusal:
        parse(raw, None, asked)
    assert advice in str(refusal.value)


@pytest.mark.parametrize(
    ("number", "digit"),
    [
        ("201710601862", "3"),
        ("202110123456", "7"),
        ("201010596747", "X"),
        ("97101765", "4"),
        ("98103200", "1"),
    ],
)
def test_chinese_check_digits(number: str, digit: str) -> None:
    assert cn_check_digit(number) == digit
    assert parse(f"{number}.{digit}", "CN").normalized == number
    wrong = "5" if digit == "0" else "0"
    with pytest.raises(InvalidIdentifierError, match=f"the check digit of {number} is {digit}"):
        parse(f"{number}.{wrong}", "CN")


def test_a_european_check_digit_only_warns() -> None:
    assert ep_check_digit("14833316") == "4"
    assert ep_check_digit("92900624") == "5"
    doubtful = parse("EP 92900624.0")
    assert doubtful.normalized == "92900624"
    assert doubtful.warnings == ("the check digit of EP 92900624 would be 5, not 0",)
