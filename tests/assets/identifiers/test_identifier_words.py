"""Numbers as people in Korea, Japan and China write them, words included."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.assets.identifiers import DocumentClass, InvalidIdentifierError, parse
from marketplace.assets.identifiers.cn import check_digit


@pytest.mark.parametrize(
    ("raw", "key", "display"),
    [
        ("제10-2829694호", "KR:grant:1028296940000", "KR 10-2829694"),
        ("특허 제10-1234567호", "KR:grant:1012345670000", "KR 10-1234567"),
        ("특허등록 제10-1234567호", "KR:grant:1012345670000", "KR 10-1234567"),
        ("대한민국 특허등록번호: 제10-1234567호", "KR:grant:1012345670000", "KR 10-1234567"),
        ("등록특허공보  10-1234567 B1", "KR:grant:1012345670000", "KR 10-1234567 B1"),
        ("특허 제0456789호", "KR:grant:1004567890000", "KR 10-0456789"),
        ("실용신안등록 제20-0125671호", "KR:grant:2001256710000", "KR 20-0125671"),
        ("디자인등록 제30-0506437호", "KR:registration:3005064370000", "KR 30-0506437"),
        ("출원번호 10-2019-0123456", "KR:application:1020190123456", "KR 10-2019-0123456"),
        ("특허출원 2019-0123456", "KR:application:1020190123456", "KR 10-2019-0123456"),
        ("특허출원 제10-2019-0123456호", "KR:application:1020190123456", "KR 10-2019-0123456"),
        ("공개특허 10-2019-0123456", "KR:publication:1020190123456", "KR 10-2019-0123456"),
        ("제１０－２８２９６９４호", "KR:grant:1028296940000", "KR 10-2829694"),
        ("特許第6543210号", "JP:grant:6543210", "JP P6543210"),
        ("特許番号：特許第６５４３２１０号", "JP:grant:6543210", "JP P6543210"),
        ("特願2019-123456", "JP:application:P2019123456", "JP P2019-123456"),
        ("特開2019-123456", "JP:publication:2019123456", "JP 2019-123456 A"),
        ("特開平8-179521号公報", "JP:publication:H08179521", "JP H08-179521 A"),
        ("実用新案登録第3123456号", "JP:grant:U3123456", "JP 3123456 U"),
        ("意匠登録第1379169号", "JP:registration:S1379169", "JP 1379169 S"),
        ("ZL202110123456.7", "CN:grant:202110123456", "ZL 202110123456.7"),
        ("专利号：ZL202110123456.7", "CN:grant:202110123456", "ZL 202110123456.7"),
        ("专利号 202110123456.7", "CN:grant:202110123456", "ZL 202110123456.7"),
        ("申请号：202110123456.7", "CN:application:202110123456", "CN 202110123456.7"),
        ("公开号CN107705012A", "CN:publication:107705012", "CN 107705012 A"),
        ("授权公告号：CN100494015C", "CN:grant:100494015", "CN 100494015 C"),
    ],
)
def test_words_around_a_number_are_understood(raw: str, key: str, display: str) -> None:
    found = parse(raw)

    written = f"{found.office}:{found.document_class}:{found.normalized}"
    assert (written, found.display, found.raw) == (key, display, raw)


@pytest.mark.parametrize(
    ("raw", "office", "document_class", "advice"),
    [
        ("특허 제10-1234567호", "JP", None, "is written as a number of KR"),
        ("특허출원 10-2019-0123456", None, "grant", "is written as an application, not a grant"),
        ("特開2019-123456", None, "application", "is written as a publication"),
        ("申请号：ZL202110123456.7", None, None, "is a grant of CN, not an application"),
        ("专利号：202110123456.8", None, None, "a digit is wrong"),
        ("등록특허 제10-2019-0123456호", None, None, "is an application or a publication of KR"),
        ("특허 10-2019-0123456", None, None, "give its document_class"),
    ],
)
def test_words_that_contradict_are_told(
    raw: str, office: str | None, document_class: str | None, advice: str
) -> None:
    wanted = DocumentClass(document_class) if document_class else None
    with pytest.raises(InvalidIdentifierError, match=advice):
        parse(raw, office, wanted)


FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


@given(
    st.integers(1, 9_999_999),
    st.sampled_from(["", "특허 ", "특허등록", "등록특허", "등록번호 ", "한국 특허 "]),
    st.sampled_from(["{}", "제{}", "제{}호", "제 {} 호"]),
    st.booleans(),
)
def test_korean_words_never_change_the_number(
    serial: int, word: str, frame: str, full_width: bool
) -> None:
    plain = f"10-{serial:07}"
    number = plain.translate(FULL_WIDTH) if full_width else plain

    assert parse(word + frame.format(number)).normalized == parse(plain).normalized


@given(st.integers(0, 9_999_999), st.sampled_from(["", "专利号：", "专利号", "中国专利 第"]))
def test_chinese_words_never_change_the_number(serial: int, word: str) -> None:
    number = f"20191{serial:07}"
    plain = f"ZL{number}.{check_digit(number)}"

    assert parse(word + plain).normalized == number
