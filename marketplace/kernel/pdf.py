"""Documents as PDF: a title, labelled values, paragraphs, and tables over as many pages as needed.

The same content makes the same bytes. Korean, Chinese and Japanese text names fonts that every
viewer brings or substitutes, so no font file is shipped (docs/decisions/0030).
"""

import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import groupby
from typing import Final

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

LATIN: Final = "Helvetica"
KOREAN: Final = "HYGothic-Medium"
CHINESE: Final = "STSong-Light"
JAPANESE: Final = "HeiseiKakuGo-W5"
_REPERTOIRES: Final = {LATIN: "cp1252", KOREAN: "cp949", CHINESE: "gbk", JAPANESE: "cp932"}
"""Which characters a font has, as the encoding whose characters it was made for."""
_ORDERS: Final = {
    "zh": (LATIN, CHINESE, KOREAN, JAPANESE),
    "ja": (LATIN, JAPANESE, KOREAN, CHINESE),
}
_ORDER: Final = (LATIN, KOREAN, CHINESE, JAPANESE)
"""The fonts by preference: a Chinese character looks as the language of the document has it."""
UNKNOWN: Final = "?"

MARGIN: Final = 50.0
GAP: Final = 6.0
TITLE_SIZE: Final = 16.0
TEXT_SIZE: Final = 9.0
TABLE_SIZE: Final = 8.0
LEADING: Final = 1.35
_WORDS: Final = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True, slots=True)
class Run:
    """Characters of one font."""

    font: str
    text: str

    def width(self, size: float) -> float:
        return float(pdfmetrics.stringWidth(self.text, self.font, size))


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `share` is its part of the width in any unit."""

    title: str
    share: int
    right: bool = False


@lru_cache(maxsize=1)
def _register_fonts() -> None:
    for name in (KOREAN, CHINESE, JAPANESE):
        pdfmetrics.registerFont(UnicodeCIDFont(name))


@lru_cache(maxsize=20_000)
def _has(font: str, text: str) -> bool:
    try:
        text.encode(_REPERTOIRES[font])
    except UnicodeEncodeError:
        return False
    return True


def runs(text: str, language: str) -> list[Run]:
    """A line's characters by the font that draws them; a word has one, where one has all of it.

    A letter that no font has is drawn without its marks; what is left is a question mark.
    """
    plain = "".join(
        " " if character.isspace() else character
        for character in unicodedata.normalize("NFC", text)
        if character.isspace() or character.isprintable()
    )
    found: list[Run] = []
    for is_latin, characters in groupby(plain, partial(_has, LATIN)):
        part = "".join(characters)
        for run in [Run(LATIN, part)] if is_latin else _drawn(part, language):
            joins = found and found[-1].font == run.font
            before = found.pop().text if joins else ""
            found.append(Run(run.font, before + run.text))
    return found


def _drawn(part: str, language: str) -> Iterator[Run]:
    """What Latin letters are not, by one font or, where none has all of it, each by its own."""
    font = _first_with(part, language)
    if font:
        yield Run(font, part)
    elif len(part) > 1:
        for character in part:
            yield from _drawn(character, language)
    else:
        plain = unicodedata.normalize("NFKD", part)[0]
        font = _first_with(plain, language)
        yield Run(font, plain) if font else Run(LATIN, UNKNOWN)


def _first_with(text: str, language: str) -> str | None:
    fonts = _ORDERS.get(language, _ORDER)
    return next((font for font in fonts if _has(font, text)), None)


class Pdf:
    """A document that is written from the top down, a new page when one is full."""

    def __init__(self, title: str, *, language: str, keywords: str = "") -> None:
        _register_fonts()
        self._language = language
        self._buffer = io.BytesIO()
        self._canvas = Canvas(self._buffer, pagesize=A4, invariant=1, pageCompression=1)
        self._canvas.setTitle(title)
        if keywords:
            self._canvas.setKeywords(keywords)
        self._width, self._height = A4[0] - 2 * MARGIN, A4[1]
        self._y = self._height - MARGIN
        self._write_line(runs(title, language), MARGIN, TITLE_SIZE)

    def heading(self, text: str) -> None:
        self._y -= GAP
        self._lines(text, TEXT_SIZE * 1.3)

    def paragraph(self, text: str) -> None:
        self._y -= GAP
        self._lines(text, TEXT_SIZE)

    def pairs(self, rows: Iterable[tuple[str, str]]) -> None:
        """Labels and what they are of; one without a value is left out."""
        self._y -= GAP
        columns = (Column("", 3), Column("", 7))
        for label, value in rows:
            if value:
                self._row(columns, (label, value), TEXT_SIZE)

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
        """Rows under a header, which each page repeats."""
        self._y -= GAP
        self._header(columns)
        for row in rows:
            if not self._row(columns, row, TABLE_SIZE, break_page=False):
                self._new_page()
                self._header(columns)
                self._row(columns, row, TABLE_SIZE)
        self._rule()

    def content(self) -> bytes:
        """The finished document."""
        self._finish_page()
        self._canvas.save()
        return self._buffer.getvalue()

    def _header(self, columns: Sequence[Column]) -> None:
        self._rule()
        self._row(columns, [column.title for column in columns], TABLE_SIZE)
        self._rule()

    def _rule(self) -> None:
        self._y -= GAP / 2
        self._canvas.setLineWidth(0.5)
        self._canvas.line(MARGIN, self._y, MARGIN + self._width, self._y)

    def _row(
        self,
        columns: Sequence[Column],
        cells: Sequence[str],
        size: float,
        *,
        break_page: bool = True,
    ) -> bool:
        """Draw cells side by side, each wrapped; False where they do not fit on the page."""
        total = sum(column.share for column in columns)
        widths = [self._width * column.share / total for column in columns]
        wrapped = [
            self._wrapped(cell, width - GAP, size)
            for cell, width in zip(cells, widths, strict=True)
        ]
        height = max(map(len, wrapped)) * size * LEADING
        if self._y - height < 1.5 * MARGIN:
            if not break_page:
                return False
            self._new_page()
        top, left = self._y, MARGIN
        for column, lines, width in zip(columns, wrapped, widths, strict=True):
            self._y = top
            for line in lines:
                indent = width - GAP - _width(line, size) if column.right else 0.0
                self._write_line(line, left + indent, size)
            left += width
        self._y = top - height
        return True

    def _lines(self, text: str, size: float) -> None:
        for line in self._wrapped(text, self._width, size):
            if self._y - size * LEADING < 1.5 * MARGIN:
                self._new_page()
            self._write_line(line, MARGIN, size)

    def _wrapped(self, text: str, width: float, size: float) -> list[list[Run]]:
        """Lines that fit: broken between words, and inside one that is longer than a line."""
        lines = [""]
        for word in _WORDS.findall(text):
            if self._fits(lines[-1] + word.rstrip(), width, size):
                lines[-1] += word
                continue
            if lines[-1] and not self._is_dense(word):
                lines.append("")
            for character in word:
                if not self._fits(lines[-1] + character, width, size):
                    lines.append("")
                lines[-1] += character
        return [runs(line.strip(), self._language) for line in lines]

    def _fits(self, text: str, width: float, size: float) -> bool:
        return _width(runs(text, self._language), size) <= width

    def _is_dense(self, word: str) -> bool:
        """Whether a word may be broken anywhere, as Chinese and Japanese are."""
        return any("\u3040" <= character <= "\u9fff" for character in word)

    def _write_line(self, line: Sequence[Run], left: float, size: float) -> None:
        self._y -= size * LEADING
        for run in line:
            self._canvas.setFont(run.font, size)
            self._canvas.drawString(left, self._y, run.text)
            left += run.width(size)

    def _new_page(self) -> None:
        self._finish_page()
        self._y = self._height - MARGIN

    def _finish_page(self) -> None:
        self._canvas.setFont(LATIN, TABLE_SIZE)
        number = str(self._canvas.getPageNumber())
        self._canvas.drawRightString(MARGIN + self._width, MARGIN / 2, number)
        self._canvas.showPage()


def _width(line: Iterable[Run], size: float) -> float:
    return sum(run.width(size) for run in line)
