"""Documents as PDF: every character by a font that has it, every row on some page."""

import base64
import re
import zlib

import pytest

from marketplace.kernel.pdf import CHINESE, JAPANESE, KOREAN, LATIN, Column, Pdf, runs


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Seller 1", "en", [(LATIN, "Seller 1")]),
        ("한빛 Ltd", "ko", [(KOREAN, "한빛"), (LATIN, " Ltd")]),
        ("专利", "zh", [(CHINESE, "专利")]),
        ("专利", "ko", [(CHINESE, "专利")]),
        ("特許の", "ko", [(KOREAN, "特許の")]),
        ("辻", "ja", [(JAPANESE, "辻")]),
        ("大", "zh", [(CHINESE, "大")]),
        ("大", "ko", [(KOREAN, "大")]),
        ("Škoda ő ẽ", "en", [(LATIN, "Škoda o e")]),
        ("\U0001f511", "en", [(LATIN, "?")]),
        ("a\u200bb\x07", "en", [(LATIN, "ab")]),
        ("e\u0301", "en", [(LATIN, "é")]),
    ],
)
def test_each_character_has_its_font(
    text: str, language: str, expected: list[tuple[str, str]]
) -> None:
    assert [(run.font, run.text) for run in runs(text, language)] == expected


def pages_of(content: bytes) -> list[str]:
    """What each page draws; text of one-byte fonts is readable in it."""
    streams = re.findall(rb"/FlateDecode \].*?stream\r?\n(.*?)endstream", content, re.DOTALL)
    return [_unpacked(stream) for stream in streams]


def _unpacked(stream: bytes) -> str:
    return zlib.decompress(base64.a85decode(stream.strip().removesuffix(b"~>"))).decode("latin-1")


def document(rows: int) -> bytes:
    pdf = Pdf("정산 명세서", language="ko")
    pdf.pairs([("수취인", "주식회사 한빛"), ("empty", "")])
    pdf.heading("Heading")
    pdf.paragraph("A long paragraph. " * 40 + "专利" * 80)
    columns = (Column("No", 1), Column("What", 5), Column("Amount", 2, right=True))
    pdf.table(columns, ((str(n), "words " * (n % 20), f"{n}.00") for n in range(rows)))
    return pdf.content()


def test_a_table_goes_over_as_many_pages_as_it_needs() -> None:
    content = document(300)
    assert content.startswith(b"%PDF-")
    assert content == document(300)
    pages = pages_of(content)
    assert len(pages) == content.count(b"/Type /Page\n") > 3
    drawn = "".join(pages)
    assert all(f"({n}.00)" in drawn for n in range(300))
    assert all("(Amount)" in page for page in pages)
    assert "(empty)" not in drawn
    lowest = min(float(y) for y in re.findall(r"1 0 0 1 [0-9.]+ ([0-9.]+) Tm", drawn))
    assert lowest > 20


def test_nothing_runs_over_the_edge() -> None:
    pdf = Pdf("Edge", language="en")
    pdf.table((Column("A", 1), Column("B", 1)), [("x" * 300, "한" * 200)])
    drawn = "".join(pages_of(pdf.content()))
    assert "x" * 20 in drawn
    longest = max(len(found) for found in re.findall(r"\((x+)\)", drawn))
    assert longest < 80
