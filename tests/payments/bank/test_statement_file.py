"""Whatever bytes are uploaded, the answer is a statement or a refusal with a stable code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kernel.errors import MarketplaceError
from marketplace.payments.providers.bank.statement import CONTENT_BYTES_MAX, Statement
from marketplace.payments.providers.bank.statement_file import StatementFormat, detect_format, parse

CODES = {"malformed_statement", "statement_does_not_balance", "statement_too_large"}
XML_WORDS = ["<Document>", "</Document>", "<BkToCstmrStmt>", "<Stmt>", "&lt;", "<!DOCTYPE a>", "<"]
CSV_WORDS = ["entry_id,booked_on,direction,amount,currency,remittance", "\n", ",", ";", '"', "1"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"<Document/>", StatementFormat.CAMT_053),
        (b"\xef\xbb\xbf \r\n<?xml", StatementFormat.CAMT_053),
        (b"entry_id,amount", StatementFormat.CSV),
        (b'\xef\xbb\xbf"amount";"entry_id"\r\n', StatementFormat.CSV),
    ],
)
def test_the_first_line_tells_the_format(content: bytes, expected: StatementFormat) -> None:
    assert detect_format(content) is expected


@pytest.mark.parametrize(
    "content",
    [b"", b" \n", b"%PDF-1.7", b"PK\x03\x04", b":20:STARTUMS\n:25:1/2", "<a/>".encode("utf-16")],
)
def test_other_formats_are_refused(content: bytes) -> None:
    with pytest.raises(MarketplaceError, match=r"neither camt\.053 XML nor a CSV") as refusal:
        detect_format(content)
    assert refusal.value.code == "malformed_statement"


def test_a_file_over_the_limit_is_not_even_looked_at() -> None:
    with pytest.raises(MarketplaceError) as refusal:
        parse(b"<" * (CONTENT_BYTES_MAX + 1))
    assert refusal.value.code == "statement_too_large"
    assert refusal.value.status == 413


@given(
    st.one_of(
        st.binary(),
        st.binary().map(lambda tail: b"<" + tail),
        st.lists(st.one_of(st.sampled_from(XML_WORDS), st.text(max_size=5))).map(
            lambda words: ("<Document>" + "".join(words)).encode()
        ),
        st.lists(st.one_of(st.sampled_from(CSV_WORDS), st.text(max_size=5))).map(
            lambda words: (CSV_WORDS[0] + "\n" + "".join(words)).encode()
        ),
    )
)
def test_any_bytes_give_a_statement_or_a_known_refusal(content: bytes) -> None:
    try:
        assert isinstance(parse(content), Statement)
    except MarketplaceError as refusal:
        assert refusal.code in CODES  # noqa: PT017
